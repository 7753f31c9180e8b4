package validation

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"onestroke/gen"
)

// The generated encoders write the same as encoding/json, for any content.
func TestAnswersAreEncodedLikeEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		for _, answer := range []interface{ AppendJSON(b []byte) []byte }{
			&gen.Session{}, &gen.LoggedIn{}, &gen.DrawingList{}, &gen.DrawingSummary{}, &gen.Drawing{}, &gen.SharedDrawing{},
		} {
			fill(random, reflect.ValueOf(answer).Elem())
			got := answer.AppendJSON(nil)
			text, err := json.Marshal(answer)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(parse(t, got), parse(t, text)) {
				t.Fatalf("%T is written as\n%s\nnot as\n%s", answer, got, text)
			}
		}
	}
}

func TestInvalidUTF8IsReplacedInAnswers(t *testing.T) {
	title := "a\xff\"\\\n\x00<\u2028"
	answer := gen.DrawingSummary{Title: title}
	text := answer.AppendJSON(nil)
	var back gen.DrawingSummary
	if err := json.Unmarshal(text, &back); err != nil || back.Title != strings.ToValidUTF8(title, "\uFFFD") {
		t.Errorf("%q came back as %q, %v", title, back.Title, err)
	}
}

func parse(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// fill sets all fields of v to random values, and half of the optional ones to nil.
func fill(random *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(random.Int64N(1 << 42)).UTC()))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(uuid.New()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(random, v.Field(i))
		}
	case reflect.Pointer:
		v.SetZero()
		if random.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(random, v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(4), 4))
		for i := range v.Len() {
			fill(random, v.Index(i))
		}
	case reflect.String:
		alphabet := []rune("a<&\"\\/\n\t\x00\x7fé一笔🎨\u2028\uFFFD")
		text := make([]rune, random.IntN(8))
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		v.SetString(string(text))
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Int32:
		v.SetInt(int64(int32(random.Uint32())))
	default:
		panic("no idea how to fill a " + v.Type().String())
	}
}
