// Says what Argo CD's health scripts make of objects: a JSON list of {"object", "script"} on
// standard input, a JSON list of {"status", "message"} on standard output.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type question struct {
	Object map[string]interface{} `json:"object"`
	Script string                 `json:"script"`
}

func main() {
	content, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	var questions []question
	if err := json.Unmarshal(content, &questions); err != nil {
		log.Fatal(err)
	}
	answers := []map[string]string{}
	for _, asked := range questions {
		answers = append(answers, answer(asked))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func answer(asked question) map[string]string {
	object := &unstructured.Unstructured{Object: asked.Object}
	key := lua.GetConfigMapKey(object.GroupVersionKind())
	overrides := lua.ResourceHealthOverrides{
		key: v1alpha1.ResourceOverride{HealthLua: asked.Script},
	}
	found, err := overrides.GetResourceHealth(object)
	if err != nil {
		return map[string]string{"status": "Unknown", "message": err.Error()}
	}
	if found == nil {
		return map[string]string{"status": "", "message": "the script returned nothing"}
	}
	return map[string]string{"status": string(found.Status), "message": found.Message}
}
