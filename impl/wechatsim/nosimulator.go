//go:build nosimulator

package wechatsim

import "net/http"

// Included reports whether this build has the simulator. The build tag nosimulator
// leaves it out.
const Included = false

// New panics: the simulator is not [Included].
func New(appID, appSecret string) http.Handler { panic("built without the simulator") }
