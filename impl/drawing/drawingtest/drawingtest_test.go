package drawingtest_test

import (
	"testing"

	"onestroke/impl/drawing"
	"onestroke/impl/drawing/drawingtest"
)

func TestMemory(t *testing.T) {
	drawingtest.Run(t, func(*testing.T) drawing.Store { return drawingtest.NewMemory() })
}
