// Package root tells tests where the folder of this repository is.
package root

import (
	"os"
	"path/filepath"
	"sync"
)

// Dir returns the folder that has openapi.yaml. It is the working
// directory of a test, or above it: a path of the source would not be that of the
// machine after a build with -trimpath.
var Dir = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "openapi.yaml")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			panic("no folder above the working directory has openapi.yaml")
		}
		dir = above
	}
})
