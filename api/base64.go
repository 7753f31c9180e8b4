package api

import (
	"crypto/aes"
	"encoding/base64"
	"fmt"
	"strings"

	"onestroke/gen"
	"onestroke/impl/session"
)

// checkEncrypted checks the form of a login's encrypted data. Data that was damaged
// on its way cannot be decrypted, and says nothing about WeChat or the user.
func checkEncrypted(l session.Login) (fields []gen.FieldError) {
	if l.EncryptedData == "" || l.IV == "" {
		return nil
	}
	invalid := func(field, detail string) {
		fields = append(fields, gen.FieldError{Field: field, Rule: "base64", Detail: detail})
	}
	data, damage := decodeBase64(l.EncryptedData)
	switch {
	case damage != "":
		invalid("encryptedData", damage)
	case len(data) == 0 || len(data)%aes.BlockSize != 0:
		invalid("encryptedData", fmt.Sprintf("must be base64 of whole blocks of %d bytes; it has %d bytes: part of it is missing", aes.BlockSize, len(data)))
	}
	iv, damage := decodeBase64(l.IV)
	switch {
	case damage != "":
		invalid("iv", damage)
	case len(iv) != aes.BlockSize:
		invalid("iv", fmt.Sprintf("must be base64 of %d bytes; it has %d", aes.BlockSize, len(iv)))
	}
	return fields
}

// decodeBase64 decodes base64 with padding (RFC 4648, section 4), as WeChat writes
// it. damage says what has happened to a text that is something else.
func decodeBase64(text string) (data []byte, damage string) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		return data, ""
	}
	isUnpadded := func(text string) bool {
		_, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		return err == nil
	}
	const asReturned = "; send it as WeChat returned it"
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(text)
	switch {
	case strings.Contains(text, "%"):
		return nil, "is percent-encoded" + asReturned
	case strings.Contains(text, " ") && isUnpadded(strings.ReplaceAll(text, " ", "+")):
		return nil, "has spaces in place of +, which is how a form or a query is read" + asReturned
	case standard != text && isUnpadded(standard):
		return nil, "is base64url, with - and _ in place of + and /" + asReturned
	case isUnpadded(text):
		return nil, "lacks the = at its end" + asReturned
	default:
		return nil, "is not base64" + asReturned
	}
}
