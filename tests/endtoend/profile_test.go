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
	"os"
	"path/filepath"
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
	t.Parallel()
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

func TestANicknameHasNoSpacesAroundIt(t *testing.T) {
	s := start(t)
	c := s.LogIn(t, service.NewUser())
	for sent, want := range map[string]string{"  小 明\t": "小 明", "\u3000小红\u3000": "小红"} {
		if p := setNickname(t, c, sent); p.Nickname == nil || *p.Nickname != want {
			t.Errorf("%q became %+v", sent, p)
		}
	}
	if p := setNickname(t, c, " \u3000\n"); p.Nickname != nil {
		t.Errorf("spaces only became the nickname %q", *p.Nickname)
	}
}

func TestSignedDataFillsWhatIsEmpty(t *testing.T) {
	s := start(t)
	user := service.NewUser()
	caller := s.LogIn2017(t, user)
	if p := myProfile(t, caller); p.Nickname == nil || *p.Nickname != user || p.Avatar != nil {
		t.Errorf("after a login with signed data: %+v", p)
	}
	setNickname(t, caller, "mine")
	caller = s.LogIn2017(t, user) // which ends the session before
	if p := myProfile(t, caller); *p.Nickname != "mine" {
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

func TestVisitorsSeeTheAuthorAsTheyAreNow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, redis, mongodb stores.Server) {
		s := startOn(t, redis, mongodb)
		author, visitor := s.LogIn(t, service.NewUser()), s.Nobody()
		token := share(t, author, create(t, author, "一笔猫"), http.StatusCreated)
		shared := "/v1/shared/" + token
		tags := map[string]bool{}
		seen := func() (d gen.SharedDrawing) {
			t.Helper()
			answer := visitor.Do(t, http.MethodGet, shared, nil)
			answer.Expect(t, http.StatusOK)
			answer.Decode(t, &d)
			tags[answer.Header.Get("ETag")] = true
			return d
		}
		if d := seen(); d.Author != nil || d.AuthorAvatar != nil {
			t.Errorf("an author without a profile is %v, %v", d.Author, d.AuthorAvatar)
		}
		visitor.Do(t, http.MethodGet, shared+"/avatar", nil).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)

		setNickname(t, author, "小明")
		upload(t, author, photo(t, 50, 40)).Expect(t, http.StatusOK)
		if d := seen(); d.Author == nil || *d.Author != "小明" || d.AuthorAvatar == nil || !*d.AuthorAvatar {
			t.Errorf("the author is %v, %v", d.Author, d.AuthorAvatar)
		}
		first := visitor.Do(t, http.MethodGet, shared+"/avatar", nil, header("Accept", "image/*"))
		first.Expect(t, http.StatusOK)
		if made, err := jpeg.DecodeConfig(bytes.NewReader(first.Body)); err != nil || made.Width != 256 {
			t.Errorf("%+v, %v", made, err)
		}
		expectHeader(t, first, "Content-Type", "image/jpeg")
		expectHeader(t, first, "Cache-Control", "public, no-cache")
		held := header("If-None-Match", first.Header.Get("ETag"))
		visitor.Do(t, http.MethodGet, shared+"/avatar", nil, held).Expect(t, http.StatusNotModified)
		if page := visitor.Do(t, http.MethodGet, "/s/"+token, nil); !strings.Contains(string(page.Body), "<title>一笔猫 · 小明</title>") {
			t.Errorf("the page is\n%s", page.Body)
		}

		setNickname(t, author, "小红")
		if d := seen(); *d.Author != "小红" {
			t.Errorf("the author is still %q", *d.Author)
		}
		author.Do(t, http.MethodDelete, "/v1/profile", nil).Expect(t, http.StatusNoContent)
		if d := seen(); d.Author != nil || d.AuthorAvatar != nil {
			t.Errorf("an author without a profile is %v, %v", d.Author, d.AuthorAvatar)
		}
		if len(tags) != 3 {
			t.Errorf("three different authors have the tags %v", tags)
		}
		visitor.Do(t, http.MethodGet, shared+"/avatar", nil, held).ExpectProblem(t, http.StatusNotFound, gen.ErrNotFound)
	})
}

func TestTheUnionIDIsPartOfTheLoginAndStoredEncrypted(t *testing.T) {
	s := service.Start(t, service.Options{})
	const unionID = "o6_bmasdasdsad6_2sgVt7hMZOPfL"
	code := s.Phone(t, service.NewUser(), map[string]any{"unionid": unionID}).Code
	for range 2 { // the same login again has the same result
		var login gen.LoggedIn
		answer := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": code})
		answer.Expect(t, http.StatusCreated)
		if answer.Decode(t, &login); login.UnionID == nil || *login.UnionID != unionID {
			t.Errorf("the unionid is %v", login.UnionID)
		}
	}
	without := s.Nobody().Do(t, http.MethodPost, "/v1/session", map[string]string{"code": s.Phone(t, service.NewUser()).Code})
	if strings.Contains(string(without.Body), "unionId") {
		t.Errorf("a login without a unionid has one: %s", without.Body)
	}
	for _, name := range []string{"onestroke.db", "onestroke.db-wal"} {
		stored, err := os.ReadFile(filepath.Join(s.DataDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(stored, []byte(unionID)) {
			t.Errorf("%s has the unionid in clear", name)
		}
	}
}
