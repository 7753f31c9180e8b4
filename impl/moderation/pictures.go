package moderation

import (
	"context"
	"encoding/base64"
	"encoding/json"
)

// PicturePath is the path below which the checker fetches pictures.
const PicturePath = "/wechat/pictures/"

// Picture returns what the PNG at an address shows, or [ErrGone]. The address is for
// one check: it ends with it, or when the thing is changed. sent is false if the checker
// only asks about the PNG and does not get it.
func (s *Service) Picture(ctx context.Context, address string, sent bool) ([]byte, error) {
	if s.off() {
		return nil, ErrGone
	}
	a, err := s.openAddress(address)
	if err != nil {
		return nil, err
	}
	t, err := s.Store.Task(ctx, a.Thing)
	if err != nil {
		return nil, err
	}
	if t.Turn == "" || t.Version != a.Version || t.Asked != a.Asked || s.now() > a.Until {
		return nil, ErrGone
	}
	content, err := s.content(ctx, a.Thing)
	if err != nil {
		return nil, err
	}
	if content.Hidden && !content.Ahead || content.Version != a.Version || content.Picture == nil {
		return nil, ErrGone
	}
	picture, err := content.Picture()
	if err != nil {
		return nil, err
	}
	if len(picture) > maxPicture {
		if err := s.decide(ctx, t, Check{Version: a.Version, Verdict: Verdict{Review, NoResult}}); err != nil {
			return nil, err
		}
		return nil, ErrGone
	}
	if !sent {
		return picture, nil
	}
	err = s.change(ctx, a.Thing, func(t Task) (Task, bool) {
		changes := t.Turn != "" && t.Version == a.Version && t.Asked == a.Asked && !t.Fetched
		t.Fetched = true
		return t, changes
	})
	return picture, err
}

// picture is what the address of a picture says, sealed.
type picture struct {
	Thing
	Version string
	Asked   int
	Until   int64 // Unix milliseconds
}

const addressPurpose = "address of a picture"

func (s *Service) address(t Task) string {
	text, _ := json.Marshal(picture{t.Thing, t.Version, t.Asked, s.now() + pictureLife.Milliseconds()}) // cannot fail
	return s.PublicURL + PicturePath + base64.RawURLEncoding.EncodeToString([]byte(s.Seal.Seal(addressPurpose, string(text))))
}

func (s *Service) openAddress(address string) (p picture, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(address)
	if err != nil {
		return p, ErrGone
	}
	text, err := s.Seal.Open(addressPurpose, string(sealed))
	if err != nil || json.Unmarshal([]byte(text), &p) != nil {
		return p, ErrGone
	}
	return p, nil
}
