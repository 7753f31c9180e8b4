package sqlitestore

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// mostEnded is how many logins are remembered that have ended, each of which takes about
// 300 bytes.
const mostEnded = 50_000

// logins are the claims of those under way, and the outcomes of those that gave a token,
// or failed to, by the ID of their code. They are in memory only: the file belongs to this
// process, and WeChat accepts no code twice. The outcomes of logins with a code of 2017
// are in the file. See docs/decisions/0093-claims-in-memory.md.
type logins struct {
	mu       sync.Mutex
	underWay map[string]login // claims
	ended    *simplelru.LRU[string, login]
	removals uint64 // of claims, so far
}

type login struct {
	attempt attempt
	over    int64 // Unix milliseconds
}

func newLogins() *logins {
	l := &logins{underWay: map[string]login{}}
	l.ended, _ = simplelru.NewLRU[string, login](mostEnded, nil) // fails for no positive size
	return l
}

// get returns the claim on a code, or the outcome of its login. If there is neither,
// removals is for put.
func (l *logins) get(codeID string, now int64) (standing attempt, removals uint64, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	standing, found = l.standing(codeID, now)
	return standing, l.removals, found
}

func (l *logins) standing(codeID string, now int64) (attempt, bool) {
	x, found := l.underWay[codeID]
	if !found {
		x, found = l.ended.Get(codeID)
	}
	return x.attempt, found && now < x.over
}

// put claims a code unless that is claimed or used, and returns what stands. ok is false
// if a claim was removed since get, perhaps the one on this code. Then the caller must
// read the database again: the outcome may be there now.
func (l *logins) put(codeID string, a attempt, now, over int64, removals uint64) (standing attempt, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.removals != removals {
		return attempt{}, false
	}
	if standing, found := l.standing(codeID, now); found {
		return standing, true
	}
	l.underWay[codeID] = login{a, over}
	return a, true
}

// end replaces a claim by its outcome, unless another one is on the code by now.
func (l *logins) end(codeID string, claim, outcome attempt, over int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.underWay[codeID].attempt == claim {
		delete(l.underWay, codeID)
		l.ended.Add(codeID, login{outcome, over})
	}
}

// remove removes a claim, unless another one is on the code by now. What has become
// of it must be in the database.
func (l *logins) remove(codeID string, a attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.underWay[codeID].attempt == a {
		delete(l.underWay, codeID)
		l.removals++
	}
}

// forget removes the claim on a code, or its outcome.
func (l *logins) forget(codeID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.underWay, codeID)
	l.ended.Remove(codeID)
	l.removals++
}

// sweep removes what is over.
func (l *logins) sweep(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for codeID, x := range l.underWay {
		if now >= x.over {
			delete(l.underWay, codeID)
		}
	}
	for _, codeID := range l.ended.Keys() {
		if x, _ := l.ended.Peek(codeID); now >= x.over {
			l.ended.Remove(codeID)
		}
	}
}
