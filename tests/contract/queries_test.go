package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"onestroke/tests/service"
)

// A cursor is checked by more than its schema.
func TestTheServiceAcceptsTheExamplesOfQueries(t *testing.T) {
	t.Parallel()
	s := service.Build(t).Start(t)
	caller := s.LogIn(t, service.NewUser())
	for path, item := range document(t).Paths.Map() {
		if item.Get == nil || !strings.HasPrefix(path, "/v1/") || strings.Contains(path, "{") {
			continue
		}
		query := url.Values{}
		for _, p := range item.Get.Parameters {
			if p.Value.In == "query" && p.Value.Example != nil {
				query.Set(p.Value.Name, fmt.Sprint(p.Value.Example))
			}
		}
		if answer := caller.Do(t, http.MethodGet, path+"?"+query.Encode(), nil); answer.Status == http.StatusBadRequest {
			t.Errorf("GET %s?%s: %s", path, query.Encode(), answer.Body)
		}
	}
}
