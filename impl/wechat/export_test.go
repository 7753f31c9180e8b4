package wechat

// Decrypt decrypts data as a login presents it, with a key as WeChat gives it: both are
// base64.
func Decrypt(encryptedData, iv string, key SessionKey) ([]byte, error) {
	sealed, err := decodeSealed(encryptedData, iv)
	if err != nil {
		return nil, err
	}
	return sealed.open(key)
}
