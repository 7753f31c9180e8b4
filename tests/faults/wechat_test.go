package faults

import (
	"compress/gzip"
	"net/http"
	"sync/atomic"
	"time"
)

// Whatever WeChat does, only logins fail. The circuit breaker stays open for two
// WECHAT_TIMEOUT: with two seconds, the last login fails four after WeChat is back.
var ofWeChat = []fault{
	weChatThat("WeChat hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
	weChatThat("WeChat is slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(3 * time.Second):
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusBadGateway)
	}),
	weChatThat("WeChat lies", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(lies[lie.Add(1)%int64(len(lies))]))
	}),
	weChatThat("WeChat answers something else", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>Login of the hotel</title>`))
	}),
	weChatThat("WeChat answers without end", func(w http.ResponseWriter, _ *http.Request) { pour(w) }),
	weChatThat("WeChat answers a compressed bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		pour(packed)
		_ = packed.Close()
	}),
}

// lies are answers that look like WeChat's. A session must not come of any.
var (
	lies = []string{
		`{}`, `null`, `[]`, `""`, `{"openid":""}`, `{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}`, `{"session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`,
		`{"openid":7,"session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`, `{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","session_key":"short"}`,
		`{"errcode":-1,"errmsg":"system error"}`, `{"errcode":"0"}`, `{"openid":"` + "\xff" + `","session_key":"HyVFkGl5F5OQWJZZaNzBBg=="}`,
	}
	lie atomic.Int64
)

func weChatThat(name string, f http.HandlerFunc) fault {
	return fault{name: name, loginsFail: true, env: []string{"WECHAT_TIMEOUT=2s"}, happens: func(tr *trial) {
		end := tr.weChat.answers(f)
		tr.lasts(2 * aWhile)
		end()
	}}
}

// pour writes a gigabyte of spaces, or as much as is taken.
func pour(w interface{ Write([]byte) (int, error) }) {
	spaces := make([]byte, 1<<20)
	for i := range spaces {
		spaces[i] = ' '
	}
	for range 1 << 10 {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}
