//go:build !nosimulator

package wechatsim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"onestroke/impl/wechatsim"
)

// WeChat sends a message three times, until it is answered.
func TestAMessageThatIsNotAnsweredIsSentAgain(t *testing.T) {
	for name, test := range map[string]struct {
		answers []int  // of the service; with 0 the connection ends
		want    string // that the push is answered with
	}{
		"answered":           {[]int{200}, `{"status":200}`},
		"refused":            {[]int{403}, `{"status":403}`},
		"not done at first":  {[]int{503, 200}, `{"status":200}`},
		"no answer at first": {[]int{0, 500, 200}, `{"status":200}`},
		"never done":         {[]int{503, 503, 503}, `{"status":503}`},
		"never answered":     {[]int{0, 0, 0}, `{"errmsg":"the service cannot be reached"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var messages []string
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				messages = append(messages, r.URL.RawQuery+string(text))
				answer := test.answers[min(len(messages), len(test.answers))-1]
				if answer == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(answer)
			}))
			s := simulate()
			s.Push = wechatsim.Push{URL: service.URL, Token: "token"}
			got := s.do("POST", "/simulator/push", `{"event":"user_info_modified","user":"ming"}`).Body.String()
			service.Close()
			if got != test.want {
				t.Errorf("the push is answered with %s", got)
			}
			if len(messages) != len(test.answers) {
				t.Fatalf("it was sent %d times", len(messages))
			}
			for _, m := range messages {
				if m != messages[0] {
					t.Errorf("sent again, it is another: %s", m)
				}
			}
		})
	}
}
