// Says what kstatus makes of objects: a JSON list on standard input, a JSON list of
// {"status", "message"} on standard output.
package main

import (
	"io"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func main() {
	content, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	// Not encoding/json: kstatus wants whole numbers as int64.
	var objects []map[string]interface{}
	if err := json.Unmarshal(content, &objects); err != nil {
		log.Fatal(err)
	}
	answers := []map[string]string{}
	for _, object := range objects {
		found, err := status.Compute(&unstructured.Unstructured{Object: object})
		if err != nil {
			log.Fatal(err)
		}
		answers = append(answers, map[string]string{
			"status": found.Status.String(), "message": found.Message,
		})
	}
	out, err := json.Marshal(answers)
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(out)
}
