package service

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"onestroke/tests/root"
)

// answered is a kind of answer to an operation.
type answered struct {
	operation string
	status    int
	code      string // the error code; empty for success
}

func (a answered) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %d %s", a.operation, a.status, a.code))
}

// met are the answers that the tests of this process got.
var met = struct {
	sync.Mutex
	answers map[answered]bool
}{answers: map[answered]bool{}}

func meet(operation string, response *http.Response, body []byte) {
	met.Lock()
	defer met.Unlock()
	met.answers[answered{operation, response.StatusCode, errorCode(response.StatusCode, body)}] = true
}

// errorCode reads the code of an error in any of its forms.
func errorCode(status int, body []byte) string {
	if status < 400 {
		return ""
	}
	var e struct {
		Code   any // a number in the answers of 2017
		Reason string
		Error  struct{ Reason string }
	}
	_ = json.Unmarshal(body, &e) // contractTransport reports invalid JSON
	if code, ok := e.Code.(string); ok {
		return code
	}
	return e.Reason + e.Error.Reason // one of them
}

// AllMet returns an error unless the tests of this process got each answer in the
// contract: each status of each operation, and each error code in the description of
// the response. It returns nil if only some of the tests ran.
func AllMet() error {
	if flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root.Dir(), "openapi.yaml"))
	if err != nil {
		return err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return err
	}
	met.Lock()
	defer met.Unlock()
	var missing []string
	for _, a := range declared(doc) {
		if !met.answers[a] {
			missing = append(missing, a.String())
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	return errors.New("no test got these answers of the contract:\n  " + strings.Join(missing, "\n  "))
}

var namedCode = regexp.MustCompile(`ERR_[A-Z_]+`)

func declared(doc *openapi3.T) (answers []answered) {
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			for text, response := range operation.Responses.Map() {
				status, err := strconv.Atoi(text)
				if err != nil {
					continue // default
				}
				codes := namedCode.FindAllString(*response.Value.Description, -1)
				if status < 400 {
					codes = []string{""}
				}
				for _, code := range codes {
					answers = append(answers, answered{operation.OperationID, status, code})
				}
			}
		}
	}
	return answers
}
