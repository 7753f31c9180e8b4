//go:build !noembed

package wechatsim

// Included reports whether this build has the simulator. The build tag noembed
// leaves it out.
const Included = true
