package sqlitestore

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// mostEnded is how many logins are remembered that have ended, each of which takes about
// 300 bytes.
const mostEnded = 50_000

// logins are those under way, and those of the last minutes that gave, or did not give, a
// token, by the ID of their code. They are in memory only: the file belongs to this
// process, and WeChat accepts no code twice. See docs/decisions/0093-claims-in-memory.md.
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

// claim claims a code unless that is claimed or used. It returns what stands then.
func (l *logins) claim(codeID string, a attempt, now, over int64) (standing attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(codeID, a, now, over)
}

// put is claim for a code whose outcome may be in the database. ok is false if a claim was
// removed since get, perhaps the one on this code. Then the caller must read the database
// again: the outcome may be there now.
func (l *logins) put(codeID string, a attempt, now, over int64, removals uint64) (standing attempt, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.removals != removals {
		return attempt{}, false
	}
	return l.add(codeID, a, now, over), true
}

func (l *logins) add(codeID string, a attempt, now, over int64) (standing attempt) {
	if standing, found := l.standing(codeID, now); found {
		return standing
	}
	l.underWay[codeID] = login{a, over}
	return a
}

// end replaces a claim by its outcome. It reports false if another claim or outcome is on
// the code by now.
func (l *logins) end(codeID string, from, to attempt, now, over int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.underWay[codeID].attempt != from {
		standing, found := l.standing(codeID, now)
		return found && standing == to // the answer to the first was lost
	}
	delete(l.underWay, codeID)
	l.ended.Add(codeID, login{to, over})
	return true
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

// forget removes the claim on a code.
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
