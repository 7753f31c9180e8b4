package session

import (
	"strings"
	"testing"

	"onestroke/impl/seal"
)

// WeChat may give names of up to maxOpenID bytes and, as package wechat cuts them, of 128
// characters, which a store would have to hold.
func TestASessionHasNoMoreSealedThanAStoreHolds(t *testing.T) {
	key, err := seal.New("one secret")
	if err != nil {
		t.Fatal(err)
	}
	s := New(nil, nil, Options{Seal: key})
	openID := strings.Repeat("o", maxOpenID)
	for unionID, want := range map[string]string{
		"":                       "",
		strings.Repeat("u", 98):  strings.Repeat("u", 98),
		strings.Repeat("u", 99):  "",
		strings.Repeat("联", 128): "",
	} {
		x := Session{User: User{ID: "user"}, Sealed: s.seal("user", Identity{OpenID: openID, UnionID: unionID})}
		gotOpenID, gotUnionID, ok := s.open(x)
		if !ok || gotOpenID != openID || gotUnionID != want || len(x.Sealed) > MaxSealed {
			t.Errorf("a unionid of %d bytes: %d bytes hold %q, %q, %v", len(unionID), len(x.Sealed), gotOpenID, gotUnionID, ok)
		}
	}
}
