// Example logs in, saves a drawing, lists the user's drawings, exports them and deletes
// the drawing again. The service must simulate WeChat, as `make run` starts it:
//
//	go run ./example -url http://127.0.0.1:5757
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"

	"github.com/google/uuid"

	onestroke "github.com/onestroke/onestroke/clients/go"
)

func main() {
	log.SetFlags(0)
	base := flag.String("url", "http://127.0.0.1:5757", "`URL` of the service")
	flag.Parse()
	if err := run(context.Background(), *base); err != nil {
		log.Fatal("example: ", err)
	}
}

func run(ctx context.Context, base string) error {
	client, err := onestroke.New(base, onestroke.Options{
		Login: func(ctx context.Context) (string, error) { return simulatedCode(ctx, base) },
	})
	if err != nil {
		return err
	}

	id, title, creates := uuid.New(), "一笔", onestroke.PutDrawingParamsIfNoneMatch("*")
	saved, err := client.PutDrawingWithResponse(ctx, id, &onestroke.PutDrawingParams{IfNoneMatch: &creates}, onestroke.DrawingContent{
		Title:  &title,
		Format: 1,
		Canvas: onestroke.Canvas{Width: 3750, Height: 6670},
		Strokes: []onestroke.Stroke{{
			Tool: onestroke.Pen, Color: "#374151", Width: 50,
			X: []int32{300, 900, 1500}, Y: []int32{300, 1200, 300},
		}},
	})
	if err != nil {
		return err
	}
	fmt.Println("saved:", saved.JSON201.Title)

	for drawing, err := range client.Drawings(ctx, nil) {
		if err != nil {
			return err
		}
		fmt.Println("listed:", drawing.Title)
	}
	for exported, err := range client.Export(ctx) {
		if err != nil {
			return err
		}
		if drawing := exported.Drawing; drawing != nil {
			fmt.Println("exported:", drawing.Title, "with", len(drawing.Strokes), "stroke")
		}
	}

	if _, err := client.DeleteDrawingWithResponse(ctx, id, nil); err != nil {
		return err
	}
	_, err = client.GetDrawingWithResponse(ctx, id, nil)
	if refused, ok := errors.AsType[*onestroke.Error](err); ok && refused.Code == onestroke.ErrNotFound {
		fmt.Println("deleted:", title)
		return nil
	}
	return fmt.Errorf("the drawing is still there: %w", err)
}

// simulatedCode is what wx.login() gives on a phone. It comes from the simulator of the
// service, which is not part of the contract.
func simulatedCode(ctx context.Context, base string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/simulator/login", bytes.NewReader([]byte(`{"user":"小明"}`)))
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var phone struct{ Code string }
	if err := json.NewDecoder(answer.Body).Decode(&phone); err != nil || phone.Code == "" {
		return "", fmt.Errorf("%s does not simulate WeChat", base)
	}
	return phone.Code, nil
}
