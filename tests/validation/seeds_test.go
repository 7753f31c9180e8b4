package validation

import (
	"strings"
)

const smallDrawing = `{"id":"6F1D2C3B-4a59-4e68-8d77-8c96a5b4c3d2","title":"一笔猫","canvas":{"width":3750,"height":6670,"background":"#FFFFFF"},"format":1,` +
	`"strokes":[{"tool":"pen","color":"#666666","width":50,"x":[100,110,120],"y":[200,210,230],"t":[0,16,34],"p":[128,130,131]},{"tool":"eraser","color":"#66666680","width":1,"x":[-65535],"y":[65535]}]}`

// bodySeeds are bodies with the special cases of JSON, where they can matter.
func bodySeeds() []string {
	seeds := []string{
		smallDrawing,
		`{"code":"0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9"}`,
		`{"code":"a","rawData":"{\"nickName\":\"Band\"}","signature":"75e81ceda165f4ffa64f4068af58c64b8f54b88c","encryptedData":"QQ==","iv":"QQ=="}`,
		`{"reason":"abuse","note":"一"}`, `{"reason":"ugly"}`, `{"reason":"other","note":"` + strings.Repeat("😀", 200) + `"}`, `{"reason":"other","note":"` + strings.Repeat("a", 201) + `"}`,
		`{"action":"refuse","version":"5mC3xQ8kT1u","reason":"abuse","by":"a","note":"b"}`, `{"action":"approve","version":"é","by":"","note":""}`, `{"action":"lift","version":"v","by":"a","note":"b"}`,
		`{"suspended":true,"by":"a","note":"b"}`, `{"suspended":"true","by":"a","note":"b"}`,
		`{"id":"j8x3k2m1q9w0zt","actions":"[{\"method\":\"save\"}]"}`,
		``, ` `, `null`, `true`, `0`, `"a"`, `[]`, `{}`, `{} {}`, `{}x`, "\ufeff{}", `{,}`, `{"code":}`, `[{}]`, " \t\r\n{ \"code\" : \"a\" } \n",
		// Names: twice, in another case, escaped, empty, unknown.
		`{"code":"a","code":"b"}`, `{"code":"a","CODE":"b"}`, `{"Code":"a"}`, `{"\u0063ode":"a"}`, `{"c\u006fde":"a","code":"a"}`, `{"code":"a","":1}`, `{"code":"a","iv":null}`,
		`{"id":"a","actions":"b","more":{"a":1,"a":2}}`, `{"id":"a","actions":"b","more":1,"more":2}`, `{"id":"a","actions":"b","more":{"a":[1e999,"\u0000"]}}`,
		`{"ID":"a"}`, `{"\u0130d":"a"}`, `{"\u017fignature":"a","code":"a"}`, `{"id":null}`, `{"id":7}`, `{"id":true}`, `{"id":false,"actions":-0.0}`, `{"id":[1]}`, `{"id":{}}`,
		`{"id":1e21,"actions":1e20}`, `{"id":1e-6,"actions":1e-7}`, `{"id":0.1e1,"actions":12345678901234567890}`, `{"id":1e400,"actions":-1e400}`, `{"id":1e-400}`, `{"id":"a","x":"\ud83c"}`,
		// Text: characters beyond 16 bits, halves of them, control characters, bytes that are no UTF-8.
		`{"code":"\ud83d\ude00"}`, `{"code":"\ud83d"}`, `{"code":"\ude00\ud83d"}`, `{"code":"\\ud83d"}`, `{"\ud83d":1}`, "{\"code\":\"\xff\"}", "{\"code\":\"\xed\xa0\xbd\"}",
		`{"code":"\u0000"}`, "{\"code\":\"\x00\"}", `{"code":"\u2028\"\\\/\b\f\n\r\t"}`, `{"code":""}`, `{"code":"` + strings.Repeat("😀", 256) + `"}`, `{"code":"` + strings.Repeat("a", 257) + `"}`,
		// Depth.
		`{"a":` + strings.Repeat("[", 9998) + strings.Repeat("]", 9998) + `}`, strings.Repeat("[", 10001) + strings.Repeat("]", 10001), `{"a":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 101),
	}
	number := func(n string) {
		for _, place := range []string{`"width":50`, `"format":1`, `"x":[100`, `"t":[0`, `"p":[128`} {
			name, _, _ := strings.Cut(place, ":")
			open := ""
			if strings.Contains(place, "[") {
				open = "["
			}
			seeds = append(seeds, strings.Replace(smallDrawing, place, name+":"+open+n, 1))
		}
	}
	for _, n := range []string{
		"0", "-0", "1", "255", "256", "65535", "65536", "-65535", "-65536", "2147483647", "2147483648", "-2147483648", "-2147483649",
		"1.0", "1.5", "1e2", "1E+2", "100e-2", "1e-1", "1e-400", "1e400", "-1e400", "9223372036854775808", "18446744073709551617", "0.99999999999999999999", "1.00000000000000001",
		strings.Repeat("9", 400), "0." + strings.Repeat("0", 400) + "1", "01", "+1", "-", ".5", "1.", "0x1", "NaN", "Infinity", "null", "true", `"1"`, "[1]", "{}", "",
	} {
		number(n)
	}
	for _, change := range [][2]string{
		{`"x":[100,110,120]`, `"x":[]`},
		{`"x":[100,110,120],`, ``},
		{`"x":[100,110,120]`, `"x":100`},
		{`"x":[100,110,120]`, `"x":null`},
		{`"x":[100,110,120]`, `"x":[100,,120]`},
		{`"x":[100,110,120]`, `"x":[100,110,120,]`},
		{`"x":[100,110,120]`, `"x":[ 100 , 110 , 120 ]`},
		{`"x":[100,110,120]`, `"x":[[100],110]`},
		{`"x":[100,110,120]`, `"x":["]",1]`},
		{`"x":[100,110,120]`, `"x":[` + strings.Repeat("1,", 4999) + `1]`},
		{`"x":[100,110,120]`, `"x":[` + strings.Repeat("1,", 5000) + `1]`},
		{`"strokes":[`, `"strokes":[` + strings.Repeat("null,", 30)},
		{`"strokes":[`, `"strokes":[` + strings.Repeat("{},", 1000)},
		{`"format":1`, `"format":1,"revision":7,"createdAt":"x","bounds":[{"a":"}"}],"paint":null,"incomplete":1e999`},
		{`"format":1`, `"format":1,"revision":7,"revision":7`},
		{`"tool":"pen"`, `"tool":"Pen"`},
		{`"tool":"pen"`, `"tool":"p\u0065n"`},
		{`"tool":"pen"`, `"Tool":"pen"`},
		{`"tool":"pen"`, `"tool":"pen","tool":"pen"`},
		{`"tool":"pen"`, `"tool":"pen","extra":[{"a":"]}"}]`},
		{`#666666`, `#66666`},
		{`#666666`, `#666666\n`},
		{`#666666`, `#66666G`},
		{`"canvas":{`, `"canvas":{"depth":1,`},
		{`"canvas":{"width":3750,"height":6670,"background":"#FFFFFF"}`, `"canvas":{}`},
		{`一笔猫`, strings.Repeat("猫", 80)},
		{`一笔猫`, strings.Repeat("猫", 81)},
		{`一笔猫`, strings.Repeat(`\ud83d\ude00`, 80)},
		{`一笔猫`, ``},
		{`6F1D2C3B-`, `6F1D2C3B`},
		{`6F1D2C3B-`, `{6F1D2C3B-`},
	} {
		seeds = append(seeds, strings.Replace(smallDrawing, change[0], change[1], 1))
	}
	return seeds
}
