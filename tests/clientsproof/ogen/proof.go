// The scenario of the generated clients with the one of ogen: log in, save two drawings,
// read them on two pages, get one and its picture, delete both, be told that they are gone.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"clientsproof/api"
)

// login is where the client takes the token of its requests from.
type login struct{ token string }

func (l *login) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{Token: l.token}, nil
}

func (l *login) Operator(context.Context, api.OperationName) (api.Operator, error) {
	return api.Operator{}, nil
}

func main() {
	log.SetFlags(0)
	ctx, security := context.Background(), &login{}
	client, err := api.NewClient(os.Getenv("ONESTROKE_URL"), security)
	check(err)
	session := is[*api.LoggedInHeaders](client.LogIn(ctx, &api.LoginRequest{Code: os.Getenv("ONESTROKE_CODE")}))
	security.token = session.Response.Token

	stroke := api.Stroke{Tool: api.StrokeToolPen, Color: "#666666", Width: 50, X: api.Coordinates{100, 110, 120}, Y: api.Coordinates{200, 220, 230}, T: []int32{0, 16, 34}}
	content := &api.DrawingContent{Title: api.NewOptTitle("一笔猫"), Canvas: api.Canvas{Width: 3750, Height: 6670}, Format: api.FormatVersion1, Strokes: []api.Stroke{stroke}}
	ids := []api.UUID{api.UUID(uuid.New()), api.UUID(uuid.New())}
	for _, id := range ids {
		created := is[*api.PutDrawingCreated](client.PutDrawing(ctx, content, api.PutDrawingParams{ID: id, IfNoneMatch: api.NewOptPutDrawingIfNoneMatch("*")}))
		expect(created.Response.PointCount == 3, created)
	}

	var listed []api.UUID
	for page, more := (api.ListDrawingsParams{Limit: api.NewOptInt32(1)}), true; more; {
		list := is[*api.DrawingListHeaders](client.ListDrawings(ctx, page)).Response
		for _, item := range list.Items {
			listed = append(listed, item.ID)
		}
		page.Cursor.Value, more = string(list.NextCursor.Value), list.NextCursor.Set
		page.Cursor.Set = more
	}
	// In any order: both may be of one millisecond.
	expect(len(listed) == 2 && slices.Contains(listed, ids[0]) && slices.Contains(listed, ids[1]), listed)

	drawing := is[*api.DrawingHeaders](client.GetDrawing(ctx, api.GetDrawingParams{ID: ids[0]}))
	expect(slices.Equal(drawing.Response.Strokes[0].T, stroke.T), drawing)
	picture := is[*api.GetDrawingImageOKImageSvgXMLHeaders](client.GetDrawingImage(ctx, api.GetDrawingImageParams{ID: ids[0]}))
	svg, err := io.ReadAll(picture.Response)
	check(err)
	expect(strings.HasPrefix(string(svg), "<svg"), string(svg))

	for _, id := range ids {
		is[*api.DeleteDrawingNoContent](client.DeleteDrawing(ctx, api.DeleteDrawingParams{ID: id}))
	}
	refused := is[*api.NotFoundHeaders](client.GetDrawing(ctx, api.GetDrawingParams{ID: ids[0]}))
	expect(string(refused.Response.Code) == os.Getenv("ONESTROKE_GONE") && refused.Response.Status == 404, refused)
}

// is returns the answer, which must be of the type that is expected.
func is[Expected any](answer any, err error) Expected {
	check(err)
	expected, ok := answer.(Expected)
	expect(ok, answer)
	return expected
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func expect(holds bool, answer any) {
	if !holds {
		log.Fatalf("another answer than expected: %#v", answer)
	}
}
