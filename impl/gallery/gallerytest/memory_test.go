package gallerytest_test

import (
	"testing"

	"onestroke/impl/gallery"
	"onestroke/impl/gallery/gallerytest"
)

func TestMemory(t *testing.T) {
	gallerytest.Run(t, func(*testing.T) gallery.Store { return gallerytest.NewMemory() })
}
