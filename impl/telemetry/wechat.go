package telemetry

import "context"

// WeChatCall begins a call of WeChat by its path, without the query, which has a
// secret. What it returns ends the call; errcode is empty if WeChat answered none.
func (t *Telemetry) WeChatCall(ctx context.Context, path string) (context.Context, func(o Outcome, errcode string)) {
	ctx, c := t.begin(ctx, WeChat, path)
	return ctx, func(o Outcome, errcode string) {
		if errcode != "" && t.metrics != nil {
			t.metrics.errcodes.WithLabelValues(path, errcode).Inc()
		}
		c.end(o)
	}
}
