// Pocketbase is PocketBase with a collection of drawings, as a developer would set it
// up for the same mini program. All settings of PocketBase have their defaults.
//
// It stores its data in the folder DATA_DIR and listens on a free port of the loopback
// address.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	_ "github.com/pocketbase/pocketbase/migrations" // make the tables of PocketBase itself
	"github.com/pocketbase/pocketbase/tools/types"
)

func main() {
	if err := run(os.Getenv("DATA_DIR")); err != nil {
		log.Fatal("pocketbase: ", err)
	}
}

func run(folder string) error {
	app := core.NewBaseApp(core.BaseAppConfig{DataDir: folder})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	if err := makeCollection(app); err != nil {
		return err
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) (err error) {
		e.InstallerFunc = nil // it would open a browser
		e.Router.GET("/livez", func(*core.RequestEvent) error { return nil })
		e.Router.POST("/fill", fill).Bind(apis.BodyLimit(0))
		if e.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		if err := e.Next(); err != nil {
			return err
		}
		fmt.Printf("serves http://%s\n", e.Listener.Addr())
		return nil
	})
	return apis.Serve(app, apis.ServeConfig{})
}

// makeCollection makes the collection of drawings. A drawing is JSON, as the
// service takes it, and its thumbnail is made by the client. Users reach their own
// only.
func makeCollection(app core.App) error {
	users, err := app.FindCollectionByNameOrId("users") // PocketBase makes it
	if err != nil {
		return err
	}
	drawings := core.NewBaseCollection("drawings")
	drawings.Fields.Add(
		&core.RelationField{Name: "owner", CollectionId: users.Id, Required: true, CascadeDelete: true},
		&core.TextField{Name: "title", Max: 100},
		&core.JSONField{Name: "content", MaxSize: 2 << 20},
		&core.TextField{Name: "thumbnail"}, // SVG
		&core.AutodateField{Name: "created", OnCreate: true},
		&core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true},
	)
	drawings.AddIndex("drawings_owner_created", false, "owner, created", "")
	own := types.Pointer("owner = @request.auth.id")
	drawings.ListRule, drawings.ViewRule = own, own
	drawings.CreateRule, drawings.UpdateRule, drawings.DeleteRule = own, own, own
	return app.Save(drawings)
}

// user is a user with drawings.
type user struct {
	ID       string   `json:"id"`
	Token    string   `json:"token"`
	Drawings []string `json:"drawings"` // their IDs
}

// fill creates users and their drawings, faster than the API does, and answers with
// the users. Each line of the body has the drawings of one user.
func fill(e *core.RequestEvent) error {
	all := []user{}
	err := e.App.RunInTransaction(func(app core.App) error {
		users, err := app.FindCollectionByNameOrId("users")
		if err != nil {
			return err
		}
		drawings, err := app.FindCollectionByNameOrId("drawings")
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(e.Request.Body)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			owner := core.NewRecord(users)
			owner.SetEmail(fmt.Sprintf("user%d@example.com", len(all)))
			owner.RefreshTokenKey() // no password: no user logs in with one
			if err := app.SaveNoValidate(owner); err != nil {
				return err
			}
			var contents []map[string]any
			if err := json.Unmarshal(lines.Bytes(), &contents); err != nil {
				return err
			}
			made := user{ID: owner.Id}
			for _, content := range contents {
				record := core.NewRecord(drawings)
				record.Load(content)
				record.Set("owner", owner.Id)
				if err := app.SaveNoValidate(record); err != nil {
					return err
				}
				made.Drawings = append(made.Drawings, record.Id)
			}
			if made.Token, err = owner.NewAuthToken(); err != nil {
				return err
			}
			all = append(all, made)
		}
		return lines.Err()
	})
	if err != nil {
		return err
	}
	return e.JSON(http.StatusOK, all)
}
