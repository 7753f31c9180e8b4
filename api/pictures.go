package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"
)

// pngSlots bounds how many PNGs are drawn at the same time, one on each processor:
// one may take a second, and more at once take longer for all.
type pngSlots chan struct{}

// take waits for a slot, and returns what gives it back.
func (s pngSlots) take(ctx context.Context) (release func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to draw a picture: %w", ctx.Err())
	}
}

// pictureMemory is how many bytes of PNGs are cached: some thousand of usual size.
const pictureMemory = 16 << 20

// pictures draws each PNG once for all who ask for it at the same time, and caches
// it for those who ask later: a drawing that is shared widely is one picture in a
// few widths. See docs/decisions/0080-pictures-are-cached.md.
type pictures struct {
	slots  pngSlots
	drawn  singleflight.Group
	memory int // bytes

	mu     sync.Mutex
	cached *simplelru.LRU[string, []byte]
	bytes  int // of those that are cached
}

func newPictures(slots pngSlots, memory int) *pictures {
	cached, _ := simplelru.NewLRU[string, []byte](math.MaxInt, nil) // fails for no positive size
	return &pictures{slots: slots, memory: memory, cached: cached}
}

// get returns the picture under a key, which changes with the picture. Nobody may
// change the bytes.
func (p *pictures) get(ctx context.Context, key string, draw func() ([]byte, error)) ([]byte, error) {
	for {
		if png, ok := p.find(key); ok {
			return png, nil
		}
		result := p.drawn.DoChan(key, func() (any, error) {
			if png, ok := p.find(key); ok { // drawn since the look above
				return png, nil
			}
			release, err := p.slots.take(ctx)
			if err != nil {
				return nil, err
			}
			defer release()
			png, err := draw()
			if err == nil {
				p.add(key, png)
			}
			return png, err
		})
		select {
		case r := <-result:
			if r.Err == nil {
				return r.Val.([]byte), nil
			}
			// Another request, which was to draw it, may have been given up.
			if ctx.Err() != nil || !errors.Is(r.Err, context.Canceled) && !errors.Is(r.Err, context.DeadlineExceeded) {
				return nil, r.Err
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a picture: %w", ctx.Err())
		}
	}
}

func (p *pictures) find(key string) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cached.Get(key)
}

// add caches a picture and drops those that were not asked for the longest. A large
// one would push out too many.
func (p *pictures) add(key string, png []byte) {
	if len(png) > p.memory/16 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cached.Contains(key) {
		return
	}
	p.cached.Add(key, png)
	for p.bytes += len(png); p.bytes > p.memory; {
		_, oldest, _ := p.cached.RemoveOldest()
		p.bytes -= len(oldest)
	}
}
