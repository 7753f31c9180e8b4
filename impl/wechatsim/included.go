//go:build !noembed

package wechatsim

// Included tells whether this build has the simulator: the build tag noembed
// leaves it out.
const Included = true
