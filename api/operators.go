package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"onestroke/gen"
	"onestroke/impl/drawing"
	"onestroke/impl/gallery"
	"onestroke/impl/moderation"
	"onestroke/impl/operator"
)

// operators are the operations of those who run the service. They do not exist without
// a configured token.
type operators struct {
	operators *operator.Service
	checks    *moderation.Service
	slots     pngSlots
}

const (
	// operatorPath is the path below which all operations of operators are.
	operatorPath = "/v1/admin/"
	defaultPage  = 50 // items; the contract's default
)

// identifyOperator counts a request of an operator, and refuses one without the token.
// The digests are compared: how long that takes depends on neither token.
func (s *server) identifyOperator(r *http.Request) error {
	if err := s.callers.limits.countOperator(r.Context()); err != nil {
		return err
	}
	authorization, err := only(r.Header, "Authorization")
	if err != nil {
		return err
	}
	token, isBearer := bearer(authorization)
	sent, wanted := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.AdminToken))
	if subtle.ConstantTimeCompare(sent[:], wanted[:]) != 1 || !isBearer {
		return errOperatorUnknown
	}
	return nil
}

func (h operators) ListChecks(ctx context.Context, r gen.ListChecksRequest) (gen.ListChecksAnswer, error) {
	after, err := thingOf(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := h.checks.Waiting(ctx, after, pageLimit(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	return gen.ListChecks200{Body: checkList(page, next)}, nil
}

func (h operators) ListChecksOfUser(ctx context.Context, r gen.ListChecksOfUserRequest) (gen.ListChecksOfUserAnswer, error) {
	after, err := thingOf(r.Params.Cursor)
	if err == nil && r.Params.Cursor != nil && after.Owner != r.User {
		err = gallery.ErrCursor
	}
	if err != nil {
		return nil, err
	}
	page, next, err := h.checks.Shown(ctx, r.User, after, pageLimit(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	return gen.ListChecksOfUser200{Body: checkList(page, next)}, nil
}

func checkList(page []moderation.Waiting, next moderation.Thing) gen.CheckList {
	items := make([]gen.Check, len(page))
	for i, w := range page {
		items[i] = checkBody(w)
	}
	return gen.CheckList{Items: items, NextCursor: optional(positionOf(next))}
}

func (h operators) GetCheckPicture(ctx context.Context, r gen.GetCheckPictureRequest) (gen.GetCheckPictureAnswer, error) {
	release, err := h.slots.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	picture, err := h.checks.Look(ctx, checked(r.Kind, r.User, r.ID), r.Params.Version)
	if errors.Is(err, moderation.ErrGone) {
		err = errNoPicture
	}
	if err != nil {
		return nil, err
	}
	return gen.GetCheckPicture200{Body: picture}, nil
}

// checked returns the thing that a path names. The id of a drawing may have letters of
// either case there.
func checked(kind, user, id string) moderation.Thing {
	if parsed, err := drawing.ParseID(id); err == nil {
		id = parsed.String()
	}
	return moderation.Thing{Kind: moderation.Kind(kind), Owner: user, ID: id}
}

func (h operators) DecideCheck(ctx context.Context, r gen.DecideCheckRequest) (gen.DecideCheckAnswer, error) {
	d := operator.Decision{Action: operator.Action(r.Body.Action), Version: r.Body.Version, By: r.Body.By, Note: r.Body.Note}
	if d.Action != operator.Approve {
		d.Reason = moderation.Other
		if r.Body.Reason != nil {
			d.Reason = moderation.Reason(*r.Body.Reason)
		}
	}
	err := h.operators.Decide(ctx, checked(r.Kind, r.User, r.ID), d)
	switch {
	case errors.Is(err, moderation.ErrChanged):
		return nil, errCheckChanged
	case errors.Is(err, moderation.ErrGone):
		return nil, errNoCheck
	case err != nil:
		return nil, err
	}
	return gen.DecideCheck204{}, nil
}

func (h operators) ListSuspensions(ctx context.Context, r gen.ListSuspensionsRequest) (gen.ListSuspensionsAnswer, error) {
	after, err := position(userPosition, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := h.operators.Suspensions(ctx, after, pageLimit(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	items := make([]gen.Suspension, len(page))
	for i, s := range page {
		items[i] = gen.Suspension{User: s.User, At: moment(s.At), By: s.By, Note: s.Note}
	}
	return gen.ListSuspensions200{Body: gen.SuspensionList{Items: items, NextCursor: optional(next)}}, nil
}

func (h operators) PutSuspension(ctx context.Context, r gen.PutSuspensionRequest) (gen.PutSuspensionAnswer, error) {
	change := h.operators.Lift
	if r.Body.Suspended {
		change = h.operators.Suspend
	}
	err := change(ctx, r.User, r.Body.By, r.Body.Note)
	if errors.Is(err, operator.ErrNoUser) {
		err = errNoUser
	}
	if err != nil {
		return nil, err
	}
	return gen.PutSuspension204{}, nil
}

func (h operators) ListTrail(ctx context.Context, r gen.ListTrailRequest) (gen.ListTrailAnswer, error) {
	before, err := position(entryPosition, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	page, next, err := h.operators.Trail(ctx, before, pageLimit(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	items := make([]gen.TrailEntry, len(page))
	for i, e := range page {
		items[i] = gen.TrailEntry{
			At: moment(e.At), By: e.By, Action: string(e.Action), Outcome: string(e.Outcome), User: e.User, Note: e.Note,
			Kind: optional(string(e.Kind)), ID: optional(e.Thing), Version: optional(e.Version),
		}
		if e.Reason != "" {
			items[i].Reason = new(gen.ReportReason(e.Reason))
		}
	}
	return gen.ListTrail200{Body: gen.Trail{Items: items, NextCursor: optional(next)}}, nil
}

func checkBody(w moderation.Waiting) gen.Check {
	b := gen.Check{
		Kind: string(w.Kind), User: w.Owner, ID: w.ID, Version: w.Content.Version, State: gen.ShareState(w.Verdict.State),
		Text: optional(w.Text.Title + w.Text.Nickname), HasPicture: w.Picture != nil, ReportCount: int32(len(w.Reports)),
	}
	if w.Changed {
		b.Changed = new(true)
	}
	if w.Verdict.Reason != "" {
		b.Reason = new(gen.ShareReason(w.Verdict.Reason))
	}
	newest := w.Reports[max(0, len(w.Reports)-moderation.MaxNotes):]
	b.Reports = make([]gen.StoredReport, len(newest))
	for i, r := range newest {
		b.Reports[i] = gen.StoredReport{Reason: gen.ReportReason(r.Reason), Note: optional(r.Note), At: moment(r.At)}
	}
	return b
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func pageLimit(limit *gen.PageLimit) int {
	if limit == nil {
		return defaultPage
	}
	return int(*limit)
}

// What the cursors of the lists are: a user, an entry of the trail, and a thing.
var (
	userPosition  = regexp.MustCompile(`^[0-9A-Za-z_-]{22}$`)
	entryPosition = regexp.MustCompile(`^[0-9a-f]{12}[2-7A-Z]{26}$`)
	thingPosition = regexp.MustCompile(`^[0-9A-Za-z_-]{22}\.[a-z]{1,16}\.[0-9A-Za-z_-]{22,36}$`)
)

// position returns a cursor of a form, or "" without one.
func position(form *regexp.Regexp, cursor *string) (string, error) {
	if cursor != nil && !form.MatchString(*cursor) {
		return "", gallery.ErrCursor
	}
	return value(cursor), nil
}

// positionOf is the cursor of a thing, which thingOf reads.
func positionOf(t moderation.Thing) string {
	if t == (moderation.Thing{}) {
		return ""
	}
	return t.Owner + "." + string(t.Kind) + "." + t.ID
}

func thingOf(cursor *string) (moderation.Thing, error) {
	at, err := position(thingPosition, cursor)
	owner, rest, _ := strings.Cut(at, ".")
	kind, id, _ := strings.Cut(rest, ".")
	return moderation.Thing{Owner: owner, Kind: moderation.Kind(kind), ID: id}, err
}
