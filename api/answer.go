package api

import (
	"net/http"
	"strconv"
	"sync"
)

// answer is a JSON answer as the generated encoders write it: without
// reflection, in one piece, and as long as it says.
type answer struct {
	status        int
	etag, caching string // none where empty
	body          interface{ AppendJSON(b []byte) []byte }
}

func (a answer) VisitGetDrawingResponse(w http.ResponseWriter) error       { return a.write(w) }
func (a answer) VisitGetSessionResponse(w http.ResponseWriter) error       { return a.write(w) }
func (a answer) VisitGetSharedDrawingResponse(w http.ResponseWriter) error { return a.write(w) }
func (a answer) VisitListDrawingsResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a answer) VisitLogInResponse(w http.ResponseWriter) error            { return a.write(w) }
func (a answer) VisitPutDrawingResponse(w http.ResponseWriter) error       { return a.write(w) }

var bodies = sync.Pool{New: func() any { return new([]byte) }}

func (a answer) write(w http.ResponseWriter) error {
	buffer := bodies.Get().(*[]byte)
	defer bodies.Put(buffer)
	*buffer = append(a.body.AppendJSON((*buffer)[:0]), '\n')
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(*buffer)))
	if a.etag != "" {
		h.Set("Etag", quote(a.etag))
	}
	if a.caching != "" {
		h.Set("Cache-Control", a.caching)
	}
	w.WriteHeader(a.status)
	_, err := w.Write(*buffer)
	return err
}
