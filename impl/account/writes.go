package account

import (
	"slices"
	"sync"
)

// writes are the requests under way that store something, by user.
type writes struct {
	mu     sync.Mutex
	byUser map[string][]chan struct{} // closed at the end of each
}

func (w *writes) begin(userID string) (end func()) {
	ended := make(chan struct{})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byUser == nil {
		w.byUser = map[string][]chan struct{}{}
	}
	w.byUser[userID] = append(w.byUser[userID], ended)
	return func() {
		close(ended)
		w.mu.Lock()
		defer w.mu.Unlock()
		others := slices.DeleteFunc(w.byUser[userID], func(other chan struct{}) bool { return other == ended })
		if w.byUser[userID] = others; len(others) == 0 {
			delete(w.byUser, userID)
		}
	}
}

// wait waits until those that have begun have ended.
func (w *writes) wait(userID string) {
	w.mu.Lock()
	all := slices.Clone(w.byUser[userID])
	w.mu.Unlock()
	for _, ended := range all {
		<-ended
	}
}
