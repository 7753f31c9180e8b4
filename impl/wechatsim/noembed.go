//go:build noembed

package wechatsim

import "net/http"

// Included tells whether this build has the simulator: the build tag noembed
// leaves it out.
const Included = false

// New is not to be called where the simulator is not [Included].
func New(appID, appSecret string) http.Handler { panic("built without the simulator") }
