package avatar

import "encoding/binary"

// lossless returns the lossless stream of a WebP: the whole picture, or the alpha channel
// of a lossy one. It is empty if the file has none.
func lossless(file []byte) []byte {
	const head = 8 // bytes of a chunk: its name and its size
	const vp8l = 5 // bytes before the stream: the size of the picture, which alpha leaves out
	for at := 12; at+head <= len(file); {
		name, size := string(file[at:at+4]), int64(binary.LittleEndian.Uint32(file[at+4:]))
		chunk := file[at+head:]
		chunk = chunk[:min(size, int64(len(chunk)))]
		switch {
		case name == "VP8 ": // the picture is lossy, and what follows is not read
			return nil
		case name == "VP8L" && len(chunk) > vp8l:
			return chunk[vp8l:]
		case name == "ALPH" && len(chunk) > 1 && chunk[0]&3 == 1: // compressed
			return chunk[1:]
		}
		at += head + len(chunk) + len(chunk)&1
	}
	return nil
}

// treeMemory returns how many bytes of memory the Huffman trees of a lossless stream take
// in golang.org/x/image/vp8l, at most. Thousands of groups of five trees can take 50 times
// the memory of the pixels, and only the stream itself says how many it has. So it is read
// as vp8l reads it, up to its last tree (WebP Lossless Bitstream Specification, section 7).
func treeMemory(stream []byte, width, height int) (int64, error) {
	s := scanner{bytes: stream}
	var seen [4]bool
	for s.bit() {
		kind := s.read(2)
		if seen[kind] {
			return 0, ErrFormat
		}
		seen[kind] = true
		switch kind {
		case 0, 1: // predictor, cross color
			side := 2 + s.read(3)
			s.picture(tiles(width, side), tiles(height, side))
		case 3: // color indexing
			colors := 1 + s.read(8)
			s.picture(colors, 1)
			switch {
			case colors <= 2:
				width = tiles(width, 3)
			case colors <= 4:
				width = tiles(width, 2)
			case colors <= 16:
				width = tiles(width, 1)
			}
		}
	}
	cache, groups := s.cache(), 1
	if s.bit() {
		side := 2 + s.read(3)
		groups += s.picture(tiles(width, side), tiles(height, side))
	}
	for range groups {
		if s.group(cache); s.bad || groups > maxGroups {
			return 0, ErrFormat
		}
	}
	return s.memory, nil
}

// tiles returns how many tiles of 2^side pixels cover a length.
func tiles(length, side int) int { return (length + 1<<side - 1) >> side }

// scanner reads a lossless stream and adds up what its trees take.
type scanner struct {
	bytes  []byte
	at     int // in bits
	bad    bool
	memory int64
}

func (s *scanner) read(bits int) (value int) {
	for i := range bits {
		if s.at/8 >= len(s.bytes) {
			s.bad = true
			return 0
		}
		value |= int(s.bytes[s.at/8]>>(s.at%8)&1) << i
		s.at++
	}
	return value
}

func (s *scanner) bit() bool { return s.read(1) == 1 }

const (
	literals, lengths, distances = 256, 24, 40 // symbols
	mostCached                   = 1 << 11     // colors

	maxBits   = 15   // of a code
	maxGroups = 2600 // vp8l reads no more
)

// tree is a Huffman tree: how many codes it has of each length, and their symbols in order.
type tree struct {
	codes   [maxBits + 1]int
	symbols [literals + lengths + mostCached]uint16
	single  bool // the only symbol takes no bits
}

// cache reads how many colors the color cache has.
func (s *scanner) cache() int {
	if !s.bit() {
		return 0
	}
	colors := 1 << s.read(4)
	s.bad = s.bad || colors == 1 || colors > mostCached
	return min(colors, mostCached)
}

// picture reads a picture inside the stream, which has one group of trees. It returns the
// largest of the numbers that the red and green of its pixels are.
func (s *scanner) picture(width, height int) (largest int) {
	g := s.group(s.cache())
	for left := width * height; left > 0 && !s.bad; {
		switch green := s.symbol(&g[0]); {
		case green < literals:
			red := s.symbol(&g[1])
			s.symbol(&g[2])
			s.symbol(&g[3])
			largest = max(largest, red<<8|green)
			left--
		case green < literals+lengths: // pixels that were there before
			left -= s.number(green - literals)
			s.number(s.symbol(&g[4]))
		default: // so is a color of the cache
			left--
		}
	}
	return largest
}

// number reads a length or a distance, of which the symbol is the beginning.
func (s *scanner) number(symbol int) int {
	if symbol < 4 {
		return symbol + 1
	}
	bits := (symbol - 2) / 2
	return (2+symbol%2)<<bits + s.read(bits) + 1
}

func (s *scanner) group(cache int) (g [5]tree) {
	for i, symbols := range [...]int{literals + lengths + cache, literals, literals, literals, distances} {
		s.tree(&g[i], symbols)
	}
	return g
}

// codeOrder is in which order the codes for lengths of codes come.
var codeOrder = [...]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func (s *scanner) tree(t *tree, symbols int) {
	s.memory += 1024 // a table for short codes, and the tree that the lengths are coded with
	if s.bit() {
		s.simple(t, symbols)
		return
	}
	var lengths [literals + lengths + mostCached]uint8
	for _, code := range codeOrder[:min(4+s.read(4), len(codeOrder))] {
		lengths[code] = uint8(s.read(3))
	}
	s.build(t, lengths[:len(codeOrder)])
	clear(lengths[:len(codeOrder)])
	left := symbols
	if s.bit() {
		left = 2 + s.read(2+2*s.read(3))
	}
	before := uint8(8)
	for at := 0; at < symbols && left > 0 && !s.bad; left-- {
		length, times := uint8(0), 1
		switch code := s.symbol(t); code {
		case 16:
			length, times = before, 3+s.read(2)
		case 17:
			times = 3 + s.read(3)
		case 18:
			times = 11 + s.read(7)
		default:
			length = uint8(code)
		}
		if at+times > symbols {
			s.bad = true
			return
		}
		if length != 0 {
			before = length
		}
		for range times {
			lengths[at] = length
			at++
		}
	}
	used := s.build(t, lengths[:symbols])
	// Two numbers of 4 bytes for each symbol, and two nodes of 8 for each that is used. Go
	// rounds up by a quarter at most.
	s.memory += int64(symbols*8+used*16) * 5 / 4
}

// simple reads a tree of one or two symbols.
func (s *scanner) simple(t *tree, symbols int) {
	*t = tree{single: !s.bit()}
	t.symbols[0] = uint16(s.read(1 + 7*s.read(1)))
	if !t.single {
		t.symbols[1] = uint16(s.read(8))
	}
	t.codes[1] = 2
	s.bad = s.bad || int(max(t.symbols[0], t.symbols[1])) >= symbols
}

// build makes a tree of the lengths of its codes. It returns how many symbols have one. A
// tree must be whole, since vp8l reads other symbols from one that is not.
func (s *scanner) build(t *tree, lengths []uint8) (used int) {
	*t = tree{}
	for _, length := range lengths {
		t.codes[length]++
	}
	t.codes[0] = 0
	var next [maxBits + 1]int
	free := 1 // codes
	for length := 1; length <= maxBits; length++ {
		next[length] = used
		used += t.codes[length]
		free = 2*free - t.codes[length]
	}
	for symbol, length := range lengths {
		if length != 0 {
			t.symbols[next[length]] = uint16(symbol)
			next[length]++
		}
	}
	if t.single = used == 1; !t.single && free != 0 {
		*t, s.bad = tree{single: true}, true
	}
	return used
}

func (s *scanner) symbol(t *tree) int {
	if t.single {
		return int(t.symbols[0])
	}
	code, first, before := 0, 0, 0
	for _, codes := range t.codes[1:] {
		code, first = 2*code+s.read(1), 2*first
		if code-first < codes {
			return int(t.symbols[before+code-first])
		}
		first, before = first+codes, before+codes
	}
	s.bad = true
	return 0
}
