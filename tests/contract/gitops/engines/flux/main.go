// Says what Flux' health check expressions make of objects: a JSON list of {"object",
// "expressions"} on standard input, a JSON list of {"status", "message"} on standard output.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

type question struct {
	Object      map[string]interface{}           `json:"object"`
	Expressions kustomize.HealthCheckExpressions `json:"expressions"`
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
	out, err := json.Marshal(answers)
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(out)
}

func answer(asked question) map[string]string {
	evaluator, err := cel.NewStatusEvaluator(&asked.Expressions)
	if err != nil {
		log.Fatal(err)
	}
	found, err := evaluator.Evaluate(
		context.Background(), &unstructured.Unstructured{Object: asked.Object},
	)
	if err != nil {
		// As the controller has it: it cannot tell, and goes on waiting.
		return map[string]string{"status": "Unknown", "message": err.Error()}
	}
	return map[string]string{"status": found.Status.String(), "message": found.Message}
}
