// Reference is the lower limit for the cost of the service: the simplest handlers for
// the same requests with Go, go-redis and the MongoDB driver. It has no
// authentication, no validation and no separation of users.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	o, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		return err
	}
	client, err := mongo.Connect(options.Client().ApplyURI(os.Getenv("MONGODB_URI")))
	if err != nil {
		return err
	}
	drawings := client.Database("reference").Collection("drawings")
	_, err = drawings.Indexes().CreateOne(context.Background(), mongo.IndexModel{
		Keys: bson.D{{Key: "owner", Value: 1}, {Key: "n", Value: -1}},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("serves http://%s\n", listener.Addr())
	return http.Serve(listener, handler(redis.NewClient(o), drawings, os.Getenv("WECHAT_API_URL")))
}

// document is a drawing as the reference stores it.
type document struct {
	ID      string `bson:"_id"`
	Owner   string `bson:"owner"`
	N       int64  `bson:"n"`
	Body    []byte `bson:"body"`
	Summary []byte `bson:"summary"`
}

// stroke and content are the decoded body of a drawing.
type stroke struct {
	Tool  string  `json:"tool"`
	Color string  `json:"color"`
	Width int32   `json:"width"`
	X     []int32 `json:"x"`
	Y     []int32 `json:"y"`
	T     []int32 `json:"t"`
	P     []int32 `json:"p"`
}

type content struct {
	Title  string `json:"title"`
	Canvas struct {
		Width      int32  `json:"width"`
		Height     int32  `json:"height"`
		Background string `json:"background"`
	} `json:"canvas"`
	Format  int32    `json:"format"`
	Strokes []stroke `json:"strokes"`
}

func handler(sessions *redis.Client, drawings *mongo.Collection, wechat string) http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, body []byte, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v1/session", func(w http.ResponseWriter, r *http.Request) {
		body, err := sessions.Get(r.Context(), "reference:"+r.Header.Get("Authorization")).Bytes()
		answer(w, body, err)
	})
	mux.HandleFunc("POST /v1/session", func(w http.ResponseWriter, r *http.Request) {
		var login struct{ Code string }
		if err := json.NewDecoder(r.Body).Decode(&login); err != nil {
			answer(w, nil, err)
			return
		}
		response, err := http.Get(wechat + "/sns/jscode2session?grant_type=authorization_code&appid=" + os.Getenv("WECHAT_APP_ID") +
			"&secret=" + os.Getenv("WECHAT_APP_SECRET") + "&js_code=" + login.Code)
		if err != nil {
			answer(w, nil, err)
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err == nil {
			err = sessions.Set(r.Context(), "reference:"+login.Code, body, 0).Err()
		}
		w.WriteHeader(http.StatusCreated)
		answer(w, body, err)
	})
	var n atomic.Int64 // the order of the drawings
	mux.HandleFunc("PUT /v1/drawings/{id}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var c content
		if err == nil {
			err = json.Unmarshal(body, &c)
		}
		if err == nil {
			_, err = drawings.InsertOne(r.Context(), document{
				ID: r.PathValue("id"), Owner: "owner", N: n.Add(1), Body: body, Summary: make([]byte, 900), // as a summary with its thumbnail
			})
		}
		w.WriteHeader(http.StatusCreated)
		answer(w, []byte("{}"), err)
	})
	mux.HandleFunc("POST /applet/session/paints/save", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var p struct{ ID, Actions string }
		if err == nil {
			err = json.Unmarshal(body, &p)
		}
		if err == nil {
			_, err = drawings.InsertOne(r.Context(), document{ID: p.ID, Owner: "painter", N: n.Add(1), Body: body})
		}
		answer(w, []byte("{}"), err)
	})
	mux.HandleFunc("GET /applet/session/paints/list", func(w http.ResponseWriter, r *http.Request) {
		cursor, err := drawings.Find(r.Context(), bson.D{{Key: "owner", Value: "painter"}}, options.Find().
			SetSort(bson.D{{Key: "n", Value: 1}}).SetLimit(20))
		var found []document
		if err == nil {
			err = cursor.All(r.Context(), &found)
		}
		all := make([]json.RawMessage, len(found))
		for i, d := range found {
			all[i] = d.Body
		}
		body, _ := json.Marshal(all)
		answer(w, body, err)
	})
	mux.HandleFunc("GET /v1/drawings/{id}", func(w http.ResponseWriter, r *http.Request) {
		var d document
		err := drawings.FindOne(r.Context(), bson.D{{Key: "_id", Value: r.PathValue("id")}}).Decode(&d)
		answer(w, d.Body, err)
	})
	mux.HandleFunc("GET /v1/drawings", func(w http.ResponseWriter, r *http.Request) {
		cursor, err := drawings.Find(r.Context(), bson.D{{Key: "owner", Value: "owner"}}, options.Find().
			SetSort(bson.D{{Key: "n", Value: -1}}).SetLimit(20).SetProjection(bson.D{{Key: "summary", Value: 1}}))
		var found []document
		if err == nil {
			err = cursor.All(r.Context(), &found)
		}
		body, _ := json.Marshal(found)
		answer(w, body, err)
	})
	return mux
}
