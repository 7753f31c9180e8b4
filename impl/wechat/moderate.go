package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"onestroke/impl/moderation"
)

// labels are WeChat's reasons (developers.weixin.qq.com, "msgSecCheck"). Any other
// is [moderation.Other].
var labels = map[int]moderation.Reason{
	10001: moderation.Advertising,
	20001: moderation.Politics,
	20002: moderation.Pornography,
	20003: moderation.Abuse,
	20006: moderation.Crime,
	20008: moderation.Fraud,
	20012: moderation.Vulgar,
	20013: moderation.Copyright,
}

const (
	checkVersion = 2
	mediaPicture = 2 // media_type
)

// Verdict is WeChat's judgement as it appears in answers and in the push of a
// picture's result. The label comes as a number or as a string.
type Verdict struct {
	Suggest string `json:"suggest" xml:"suggest"` // pass, review or risky
	Label   Label  `json:"label" xml:"label"`
}

// Label is a number that may be written as a string. What is neither is 0: the
// suggestion decides all the same.
type Label int

// UnmarshalText reads the number in XML.
func (l *Label) UnmarshalText(text []byte) error {
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	*l = Label(n)
	return nil
}

// UnmarshalJSON reads a number or a string.
func (l *Label) UnmarshalJSON(text []byte) error {
	return l.UnmarshalText(bytes.Trim(text, `"`))
}

// Verdict translates the judgement. A suggestion that is not known needs a person.
func (v Verdict) Verdict() moderation.Verdict {
	reason, known := labels[int(v.Label)]
	if !known {
		reason = moderation.Other
	}
	switch v.Suggest {
	case "pass":
		return moderation.Verdict{State: moderation.Approved}
	case "risky":
		return moderation.Verdict{State: moderation.Refused, Reason: reason}
	default:
		return moderation.Verdict{State: moderation.Review, Reason: reason}
	}
}

// Text asks WeChat for its judgement (/wxa/msg_sec_check); see [moderation.Checker].
func (c *Client) Text(ctx context.Context, openID string, t moderation.Text) (moderation.Verdict, error) {
	request := struct {
		OpenID   string           `json:"openid"`
		Scene    moderation.Scene `json:"scene"`
		Version  int              `json:"version"`
		Content  string           `json:"content"` // required
		Title    string           `json:"title,omitempty"`
		Nickname string           `json:"nickname,omitempty"`
	}{openID, t.Scene, checkVersion, t.Title + "\n" + t.Nickname, t.Title, t.Nickname}
	if t.Title == "" || t.Nickname == "" {
		request.Content = t.Title + t.Nickname
	}
	const path = "/wxa/msg_sec_check"
	a, err := c.call(ctx, path, request)
	if err != nil {
		return moderation.Verdict{}, unchecked(path, err)
	}
	// errcode 0 only says that the text was judged.
	var judged struct {
		Result *Verdict `json:"result"`
	}
	if json.Unmarshal(a.body, &judged) != nil || judged.Result == nil {
		return moderation.Verdict{}, &CallError{Path: path, Err: errors.New("the answer has no result")}
	}
	return judged.Result.Verdict(), nil
}

// Picture hands a picture in (/wxa/media_check_async); see [moderation.Checker].
func (c *Client) Picture(ctx context.Context, openID string, scene moderation.Scene, url string) (trace string, err error) {
	const path = "/wxa/media_check_async"
	a, err := c.call(ctx, path, struct {
		MediaURL  string           `json:"media_url"`
		MediaType int              `json:"media_type"`
		Version   int              `json:"version"`
		Scene     moderation.Scene `json:"scene"`
		OpenID    string           `json:"openid"`
	}{url, mediaPicture, checkVersion, scene, openID})
	if err != nil {
		return "", unchecked(path, err)
	}
	var accepted struct {
		Trace string `json:"trace_id"`
	}
	if json.Unmarshal(a.body, &accepted) != nil || accepted.Trace == "" || len(accepted.Trace) > maxTrace {
		return "", &CallError{Path: path, Err: errors.New("the answer has no trace_id")}
	}
	return accepted.Trace, nil
}

// maxTrace bounds a trace_id, in bytes. WeChat's have 36 or fewer.
const maxTrace = 128

// passing are the errcodes that say nothing about what was to be checked: others are tried
// again until an operator has done what they ask for, or a day is over.
var passing = append([]int{errQuota, errMinuteQuota, errAppID, errSecret, errAddress, errNotAllowed}, tokenErrors...)

// unchecked turns the errcodes that say that WeChat does not know the user, at least not
// now, into [moderation.ErrAway], and those that it will answer again into
// [moderation.ErrUncheckable]. path is that of the check: the call may have been for the
// token.
func unchecked(path string, err error) error {
	var failed *CallError
	if !errors.As(err, &failed) || failed.ErrCode == 0 || failed.outage || failed.Path != path {
		return err
	}
	switch failed.ErrCode {
	case errAway, errOpenID, errOtherApp:
		return moderation.ErrAway
	}
	if slices.Contains(passing, failed.ErrCode) {
		return err
	}
	return fmt.Errorf("%w: %w", moderation.ErrUncheckable, err)
}
