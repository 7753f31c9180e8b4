package endtoend

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"onestroke/gen"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// photo is a PNG of a size.
func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	p.Set(0, 0, color.Black)
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends files as wx.uploadFile sends one.
func upload(t *testing.T, c service.Caller, files ...[]byte) service.Answer {
	t.Helper()
	body, contentType := uploadBody(t, files...)
	return c.Do(t, http.MethodPost, "/v1/profile/avatar", body, header("Content-Type", contentType))
}

// uploadBody is a form with files.
func uploadBody(t *testing.T, files ...[]byte) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, file := range files {
		part, err := form.CreateFormFile("avatar", "头像.png")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), form.FormDataContentType()
}

func profileOf(t *testing.T, answer service.Answer) (p gen.Profile) {
	t.Helper()
	answer.Expect(t, http.StatusOK)
	answer.Decode(t, &p)
	return p
}

func myProfile(t *testing.T, c service.Caller) gen.Profile {
	t.Helper()
	return profileOf(t, c.Do(t, http.MethodGet, "/v1/profile", nil))
}

func setNickname(t *testing.T, c service.Caller, nickname string) gen.Profile {
	t.Helper()
	return profileOf(t, c.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": nickname}))
}

func TestAProfileOutlastsTheSessionAndEndsWithTheAccount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		user := service.NewUser()
		caller, otherUser := s.LogIn(t, user), s.LogIn(t, service.NewUser())
		if p := myProfile(t, caller); p != (gen.Profile{}) {
			t.Errorf("a new user has %+v", p)
		}
		if p := setNickname(t, caller, "小明 🎨"); *p.Nickname != "小明 🎨" || *p.NicknameState != gen.ShareApproved || p.Avatar != nil {
			t.Errorf("%+v", p)
		}
		p := profileOf(t, upload(t, caller, photo(t, 800, 600)))
		file, ok := strings.CutPrefix(*p.Avatar, "data:image/jpeg;base64,")
		picture, err := base64.StdEncoding.DecodeString(file)
		if !ok || err != nil || *p.AvatarState != gen.ShareApproved || *p.Nickname != "小明 🎨" {
			t.Fatalf("%+v, %v", p, err)
		}
		if made, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err != nil || made.Width != 256 || made.Height != 256 {
			t.Errorf("the avatar is %+v, %v", made, err)
		}
		if p := myProfile(t, otherUser); p != (gen.Profile{}) {
			t.Errorf("another user has %+v", p)
		}

		caller.Do(t, http.MethodDelete, "/v1/session", nil).Expect(t, http.StatusNoContent)
		caller = s.LogIn(t, user)
		if again := myProfile(t, caller); *again.Nickname != *p.Nickname || *again.Avatar != *p.Avatar {
			t.Error("the profile has changed with the session")
		}
		for range 2 {
			caller.Do(t, http.MethodDelete, "/v1/profile/avatar", nil).Expect(t, http.StatusNoContent)
		}
		if p := myProfile(t, caller); p.Avatar != nil || p.AvatarState != nil || p.Nickname == nil {
			t.Errorf("without an avatar: %+v", p)
		}
		upload(t, caller, photo(t, 20, 20)).Expect(t, http.StatusOK)
		for range 2 {
			caller.Do(t, http.MethodDelete, "/v1/profile", nil).Expect(t, http.StatusNoContent)
		}
		if p := myProfile(t, caller); p != (gen.Profile{}) {
			t.Errorf("after it was deleted: %+v", p)
		}

		setNickname(t, caller, "小红")
		upload(t, caller, photo(t, 20, 20)).Expect(t, http.StatusOK)
		caller.Do(t, http.MethodDelete, "/v1/account", nil).Expect(t, http.StatusNoContent)
		if p := myProfile(t, s.LogIn(t, user)); p != (gen.Profile{}) {
			t.Errorf("after the account was deleted: %+v", p)
		}
	})
}

func TestSignedDataFillsWhatIsEmpty(t *testing.T) {
	s := start(t)
	user := service.NewUser()
	caller := s.LogIn2017(t, user)
	if p := myProfile(t, caller); p.Nickname == nil || *p.Nickname != user || p.Avatar != nil {
		t.Errorf("after a login with signed data: %+v", p)
	}
	setNickname(t, caller, "mine")
	if p := myProfile(t, s.LogIn2017(t, user)); *p.Nickname != "mine" {
		t.Errorf("a login replaced the nickname by %q", *p.Nickname)
	}
	if p := setNickname(t, caller, ""); p.Nickname != nil {
		t.Errorf("an empty nickname is %q", *p.Nickname)
	}
	if p := myProfile(t, s.LogIn(t, user)); p.Nickname != nil {
		t.Errorf("a login by code alone set the nickname %q", *p.Nickname)
	}
}

func TestAnUploadThatIsNoAvatarIsRefused(t *testing.T) {
	s := start(t)
	caller := s.LogIn(t, service.NewUser())
	for name, files := range map[string][][]byte{
		"none": nil, "two": {photo(t, 9, 9), photo(t, 9, 9)}, "empty": {{}}, "text": {[]byte("hello")}, "too wide": {photo(t, 4097, 1)},
	} {
		problem := upload(t, caller, files...).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
		if problem.Errors == nil || (*problem.Errors)[0].Field != "avatar" {
			t.Errorf("%s: %+v", name, problem)
		}
	}
	large := append(photo(t, 9, 9), make([]byte, 1<<20)...)
	upload(t, caller, large).ExpectProblem(t, http.StatusRequestEntityTooLarge, gen.ErrTooLarge)
	upload(t, caller, append(large, large...)).ExpectProblem(t, http.StatusRequestEntityTooLarge, gen.ErrTooLarge)
	upload(t, caller, large[:1<<20]).Expect(t, http.StatusOK) // what follows the picture is not kept
	for contentType, body := range map[string]string{
		"multipart/form-data": "--x\r\n\r\n--x--", "multipart/form-data; boundary=other": "--x\r\n\r\n--x--",
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=avatar\r\n\r\nno file\r\n--x--\r\n",
		"multipart/form-data;boundary=x":  "--x\r\nContent-Disposition: form-data; name=other; filename=a.png\r\n\r\nanother name\r\n--x--\r\n",
	} {
		caller.Do(t, http.MethodPost, "/v1/profile/avatar", body, header("Content-Type", contentType)).
			ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	}
	caller.Do(t, http.MethodPost, "/v1/profile/avatar", "{}").ExpectProblem(t, http.StatusUnsupportedMediaType, gen.ErrUnsupportedMediaType)
	caller.Do(t, http.MethodPut, "/v1/profile", map[string]string{"nickname": strings.Repeat("长", 65)}).
		ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
	caller.Do(t, http.MethodPut, "/v1/profile", map[string]string{}).ExpectProblem(t, http.StatusBadRequest, gen.ErrInvalidRequest)
}
