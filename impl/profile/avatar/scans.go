package avatar

import (
	"bytes"
	"encoding/binary"
)

// scans counts the scans of a JPEG, each of which is a pass over the whole picture. It
// goes from marker to marker as image/jpeg does, which passes over what is between them.
func scans(file []byte) (n int) {
	const sos, eoi = 0xda, 0xd9
	for at := 2; ; {
		next := bytes.IndexByte(file[min(at, len(file)):], 0xff)
		if next < 0 {
			return n
		}
		for at += next; at < len(file) && file[at] == 0xff; at++ { // a marker may have more of them
		}
		if at+3 > len(file) {
			return n
		}
		switch marker := file[at]; {
		case marker == 0, 0xd0 <= marker && marker < 0xd8: // within a scan: the byte 0xff, and RST
			at++
			continue
		case marker == eoi:
			return n
		case marker == sos:
			n++
		}
		at += 1 + max(2, int(binary.BigEndian.Uint16(file[at+1:])))
	}
}
