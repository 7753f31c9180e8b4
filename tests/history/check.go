// Package history proves that sessions hold while everything around them fails:
// many clients act at once on several replicas, all they do is written down, and
// afterwards the record is held against what a session promises.
package history

import (
	"fmt"
	"time"
)

// act is what a client did.
type act string

const (
	logInCode  act = "log in with a code"
	logInToken act = "log in for a token"
	use        act = "use"
	logOut     act = "log out"
	endOthers  act = "end all others"
)

// outcome is what came of it, as far as a session is concerned.
type outcome string

const (
	served  outcome = "served"
	expired outcome = "expired" // the answer said so
	failed  outcome = "failed"  // for another reason, and surely without effect
	unknown outcome = "unknown" // it may have been done
)

// event is one request, by a clock that all replicas and clients share.
type event struct {
	act        act
	user       string // whose the credential is
	credential string
	isCode     bool
	begin, end time.Time
	outcome    outcome
	servedAs   string    // who the answer was for
	expiresAt  time.Time // as the answer said
}

func (e event) String() string {
	return fmt.Sprintf("%s as %s with %.14s…, %s–%s: %s", e.act, e.user, e.credential,
		e.begin.Format("15:04:05.000"), e.end.Format("15:04:05.000"), e.outcome)
}

// grace is how long an ended credential may still work.
const grace = time.Second

// violations are the promises that a history breaks. Events may be in any order.
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

// ends tells whether o, if it was done, ended the session that login had opened before.
func ends(o, login event) bool {
	if !login.end.Before(o.begin) {
		return false
	}
	return concerns(o, login)
}

// mayHaveEnded tells whether anything begun before at could have ended the session.
func mayHaveEnded(events []event, login event, at time.Time) bool {
	for _, o := range events {
		if (o.outcome == served || o.outcome == unknown) && o.begin.Before(at) && o.end.After(login.begin) && concerns(o, login) {
			return true
		}
	}
	return false
}

// concerns tells whether o is of the kind that ends the session of login.
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

// heldUntil is when, by all that was said before e, the session would end.
func heldUntil(events []event, e event) (until time.Time) {
	for _, o := range events {
		if o.credential == e.credential && o.outcome == served && o.end.Before(e.begin) && o.expiresAt.After(until) {
			until = o.expiresAt
		}
	}
	return until
}
