package seal_test

import (
	"errors"
	"strings"
	"testing"

	"onestroke/impl/seal"
)

func key(t *testing.T, secret string) *seal.Key {
	t.Helper()
	k, err := seal.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASealedValueOpensWithItsKeyForItsPurposeOnly(t *testing.T) {
	k := key(t, "one secret")
	for _, text := range []string{"", "oGZUI0egBJY1zhBYw2KhdUfwVJJE", strings.Repeat("long", 500)} {
		sealed := k.Seal("openid of a", text)
		if len(sealed) != len(text)+seal.Overhead || text != "" && strings.Contains(sealed, text) {
			t.Errorf("%q is sealed as %q", text, sealed)
		}
		if sealed == k.Seal("openid of a", text) {
			t.Error("sealed twice, it is the same: one can see who is who")
		}
		if opened, err := key(t, "one secret").Open("openid of a", sealed); err != nil || opened != text {
			t.Errorf("opened %q, %v", opened, err)
		}
		for what, open := range map[string]func() (string, error){
			"another key":     func() (string, error) { return key(t, "other").Open("openid of a", sealed) },
			"another purpose": func() (string, error) { return k.Open("openid of b", sealed) },
			"a changed byte": func() (string, error) {
				return k.Open("openid of a", sealed[:len(sealed)-1]+string([]byte{sealed[len(sealed)-1] ^ 1}))
			},
			"a part":  func() (string, error) { return k.Open("openid of a", sealed[:len(sealed)-1]) },
			"nothing": func() (string, error) { return k.Open("openid of a", "") },
		} {
			if opened, err := open(); opened != "" || !errors.Is(err, seal.ErrSealed) {
				t.Errorf("%s: %q, %v", what, opened, err)
			}
		}
	}
}

func TestADigestDependsOnKeyPurposeAndText(t *testing.T) {
	digest := key(t, "one secret").Digest("reporter of a", "192.0.2.1")
	if len(digest) != 22 || digest != key(t, "one secret").Digest("reporter of a", "192.0.2.1") {
		t.Errorf("the digest is %q", digest)
	}
	for what, other := range map[string]string{
		"another key":     key(t, "other").Digest("reporter of a", "192.0.2.1"),
		"another purpose": key(t, "one secret").Digest("reporter of b", "192.0.2.1"),
		"another text":    key(t, "one secret").Digest("reporter of a", "192.0.2.2"),
	} {
		if other == digest {
			t.Errorf("%s: the digest is the same", what)
		}
	}
}
