//go:build noembed

package embedded

import "errors"

// Redis is left out of this build.
func Redis(addr string) (*Server, error) {
	return nil, errors.New("this build has no embedded Redis: set REDIS_URL")
}

// MongoDB is left out of this build.
func MongoDB(addr, dir string) (*Server, error) {
	return nil, errors.New("this build has no embedded MongoDB: set MONGODB_URI")
}
