//go:build !nosimulator

package wechatsim

// Included reports whether this build has the simulator. The build tag nosimulator
// leaves it out.
const Included = true
