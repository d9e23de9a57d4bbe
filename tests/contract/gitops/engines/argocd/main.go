// Says what Argo CD makes of objects by a health script: a JSON list of {"object", "script"} on
// standard input, a JSON list of {"status", "message"} on standard output.
//
// The engine is Argo CD's: the same Lua, the same few libraries, a second of time
// (argo-cd/util/lua, runLua and ExecuteHealthLua). Its own package brings all of Argo CD along,
// which takes as long to compile as a Kubernetes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"
	luajson "layeh.com/gopher-json"
)

var statuses = []string{"Unknown", "Progressing", "Healthy", "Suspended", "Degraded", "Missing"}

type question struct {
	Object map[string]any `json:"object"`
	Script string         `json:"script"`
}

type health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
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
	answers := []health{}
	for _, asked := range questions {
		found, err := answer(asked)
		if err != nil {
			found = health{Status: "Unknown", Message: err.Error()}
		}
		answers = append(answers, found)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func answer(asked question) (health, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
	} {
		call := lua.P{Fn: state.NewFunction(open), NRet: 0, Protect: true}
		if err := state.CallByParam(call, lua.LString(name)); err != nil {
			return health{}, err
		}
	}
	ended, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	state.SetContext(ended)
	state.SetGlobal("obj", luajson.DecodeValue(state, asked.Object))
	if err := state.DoString(asked.Script); err != nil {
		return health{}, err
	}
	returned, err := luajson.Encode(state.Get(-1))
	if err != nil {
		return health{}, err
	}
	var found health
	if err := json.Unmarshal(returned, &found); err != nil {
		return health{}, err
	}
	if !slices.Contains(statuses, found.Status) {
		return health{}, fmt.Errorf("%q is no health status of Argo CD", found.Status)
	}
	return found, nil
}
