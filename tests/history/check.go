// Package history tests that sessions are consistent while Redis, WeChat and the
// network fail: many clients use several replicas at the same time, their requests are
// recorded, and the record is then checked against the rules for sessions.
package history

import (
	"fmt"
	"time"
)

// act is a kind of request.
type act string

const (
	logInCode  act = "log in with a code"
	logInToken act = "log in for a token"
	use        act = "use"
	logOut     act = "log out"
	endOthers  act = "end all others"
)

// outcome is the result of a request for the session.
type outcome string

const (
	served  outcome = "served"
	expired outcome = "expired" // the answer said so
	failed  outcome = "failed"  // for another reason, certainly without effect
	unknown outcome = "unknown" // it may have been done
)

// event is one request. All replicas and clients have the same clock.
type event struct {
	act        act
	user       string // the owner of the credential
	credential string
	isCode     bool
	begin, end time.Time
	outcome    outcome
	servedAs   string    // the user in the answer
	expiresAt  time.Time // from the answer
}

func (e event) String() string {
	return fmt.Sprintf("%s as %s with %.14s…, %s–%s: %s", e.act, e.user, e.credential,
		e.begin.Format("15:04:05.000"), e.end.Format("15:04:05.000"), e.outcome)
}

// grace is how long a credential may work after its session ended.
const grace = time.Second

// violations returns the rules that a history breaks. Events can be in any order.
func violations(history []event) (found []string) {
	opened := map[string]event{} // by credential, the login
	ofUser := map[string][]event{}
	for _, e := range history {
		ofUser[e.user] = append(ofUser[e.user], e)
		if (e.act == logInCode || e.act == logInToken) && e.outcome == served {
			opened[e.credential] = e
		}
	}
	for _, e := range history {
		login, isOpen := opened[e.credential]
		switch {
		case e.outcome == served && e.servedAs != e.user:
			found = append(found, fmt.Sprintf("served as %s: %v", e.servedAs, e))
		case e.act != use || !isOpen || !login.end.Before(e.begin):
		case e.outcome == served:
			for _, o := range ofUser[e.user] {
				if o.outcome == served && ends(o, login) && e.begin.After(o.end.Add(grace)) {
					found = append(found, fmt.Sprintf("works after its end: %v, after %v", e, o))
				}
			}
		case e.outcome == expired && heldUntil(ofUser[e.user], e).After(e.end) && !mayHaveEnded(ofUser[e.user], login, e.end):
			found = append(found, fmt.Sprintf("called expired: %v", e))
		}
	}
	return found
}

// ends reports whether o, if it had an effect, ended the session of login.
func ends(o, login event) bool {
	if !login.end.Before(o.begin) {
		return false
	}
	return concerns(o, login)
}

// mayHaveEnded reports whether an event that began before at can have ended the session.
func mayHaveEnded(events []event, login event, at time.Time) bool {
	for _, o := range events {
		if (o.outcome == served || o.outcome == unknown) && o.begin.Before(at) && o.end.After(login.begin) && concerns(o, login) {
			return true
		}
	}
	return false
}

// concerns reports whether o is a kind of request that ends the session of login.
func concerns(o, login event) bool {
	same := o.credential == login.credential
	switch o.act {
	case logOut:
		return same
	case endOthers:
		return !same
	case logInCode:
		return !same && login.isCode
	default:
		return false
	}
}

// heldUntil returns when the session ends, according to all answers before e.
func heldUntil(events []event, e event) (until time.Time) {
	for _, o := range events {
		if o.credential == e.credential && o.outcome == served && o.end.Before(e.begin) && o.expiresAt.After(until) {
			until = o.expiresAt
		}
	}
	return until
}
