//go:build nosimulator

package wechatsim

import "net/http"

// Included reports whether this build has the simulator. The build tag nosimulator
// leaves it out.
const Included = false

// Simulator is not [Included].
type Simulator struct {
	http.Handler
	Push Push
}

// New panics: the simulator is not [Included].
func New(appID, appSecret string) *Simulator { panic("built without the simulator") }
