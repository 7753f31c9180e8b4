package history

import (
	"testing"
	"time"
)

func TestTheCheckFindsEachViolation(t *testing.T) {
	at := func(seconds float64) time.Time { return time.Unix(1_800_000_000, 0).Add(time.Duration(seconds * 1e9)) }
	e := func(a act, credential string, begin float64, o outcome) event {
		return event{
			act: a, user: "u", credential: credential, isCode: credential[0] == 'c', begin: at(begin), end: at(begin + 0.1),
			outcome: o, servedAs: "u", expiresAt: at(begin + 60),
		}
	}
	otherUser := e(use, "t1", 1, served)
	otherUser.servedAs = "v"
	for name, c := range map[string]struct {
		history []event
		want    int
	}{
		"all is well":                         {[]event{e(logInToken, "t1", 0, served), e(use, "t1", 1, served)}, 0},
		"served as another":                   {[]event{e(logInToken, "t1", 0, served), otherUser}, 1},
		"used within a second of its end":     {[]event{e(logInToken, "t1", 0, served), e(logOut, "t1", 1, served), e(use, "t1", 2, served)}, 0},
		"used later":                          {[]event{e(logInToken, "t1", 0, served), e(logOut, "t1", 1, served), e(use, "t1", 2.2, served)}, 1},
		"used after an end that failed":       {[]event{e(logInToken, "t1", 0, served), e(logOut, "t1", 1, unknown), e(use, "t1", 9, served)}, 0},
		"used after it was replaced":          {[]event{e(logInCode, "c1", 0, served), e(logInCode, "c2", 1, served), e(use, "c1", 9, served)}, 1},
		"a token is not replaced":             {[]event{e(logInToken, "t1", 0, served), e(logInCode, "c2", 1, served), e(use, "t1", 9, served)}, 0},
		"used after all others were ended":    {[]event{e(logInToken, "t1", 0, served), e(endOthers, "t2", 1, served), e(use, "t1", 9, served)}, 1},
		"opened after all others were ended":  {[]event{e(endOthers, "t2", 0, served), e(logInToken, "t1", 1, served), e(use, "t1", 9, served)}, 0},
		"expired for no reason":               {[]event{e(logInToken, "t1", 0, served), e(use, "t1", 9, expired)}, 1},
		"expired in time":                     {[]event{e(logInToken, "t1", 0, served), e(use, "t1", 61, expired)}, 0},
		"expired although it was used":        {[]event{e(logInToken, "t1", 0, served), e(use, "t1", 30, served), e(use, "t1", 61, expired)}, 1},
		"expired after an end that may be":    {[]event{e(logInToken, "t1", 0, served), e(logOut, "t1", 1, unknown), e(use, "t1", 9, expired)}, 0},
		"expired after a login that failed":   {[]event{e(logInCode, "c1", 0, served), e(logInCode, "c2", 1, failed), e(use, "c1", 9, expired)}, 1},
		"expired after a login that may be":   {[]event{e(logInCode, "c1", 0, served), e(logInCode, "c2", 1, unknown), e(use, "c1", 9, expired)}, 0},
		"expired, as one never opened may be": {[]event{e(logInCode, "c1", 0, unknown), e(use, "c1", 9, expired)}, 0},
	} {
		if found := violations(c.history); len(found) != c.want {
			t.Errorf("%s: found %d: %v", name, len(found), found)
		}
	}
}
