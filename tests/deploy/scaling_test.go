package deploy_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onestroke/tests/root"
	"onestroke/tests/service"
	"onestroke/tests/stores"
)

// TestADrawingIsAsLargeAsThePageSays measures drawings of the demo, or of the Quick
// Draw files in the folder QUICKDRAW, as they are stored in MongoDB.
func TestADrawingIsAsLargeAsThePageSays(t *testing.T) {
	mongodb, database := stores.MongoDB(t)[0].URL, service.NewDatabase()
	p := service.Build(t).Start(t, "MONGODB_URI="+service.InDatabase(t, mongodb, database))
	args := []string{"run", "-C", root.Dir(), "./clients/demo", "-url", p.URL}
	if folder := os.Getenv("QUICKDRAW"); folder != "" {
		args = append(args, "-data", folder)
	}
	run(t, "go", args...)

	client, err := mongo.Connect(options.Client().ApplyURI(mongodb))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(t.Context()) })
	cursor, err := client.Database(database).Collection("drawings").Find(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var all []bson.Raw
	if err := cursor.All(t.Context(), &all); err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	var w weight
	for _, document := range all {
		w.add(document)
	}
	n := len(all)
	around := (w.document - w.packed - w.thumbnail) / n
	t.Logf("%d drawings of %d points: a document of %d bytes is %d packed, %d thumbnail and %d around them; %d of index keys",
		n, w.points/n, w.document/n, w.packed/n, w.thumbnail/n, around, w.keys/n)
	for name, is := range map[string]int{"around": around, "index": w.keys / n} {
		for _, page := range []string{"scaling.md", "scaling.zh-CN.md"} {
			if says := figure(t, page, name); is > says {
				t.Errorf("%s: %d bytes %s, and %s says %d", name, is, name, page, says)
			}
		}
	}
}

type weight struct{ points, document, packed, thumbnail, keys int }

// add adds the size of a document. An index key contains its values, one byte for
// the type of each, two more for a text, and the location of the document. WiredTiger
// leaves out the part that is the same as in the previous key.
func (w *weight) add(document bson.Raw) {
	text := func(name string) int { return len(document.Lookup(name).StringValue()) + 2 }
	const date, place = 1 + 8, 8
	w.points += int(document.Lookup("pointCount").AsInt64())
	w.document += len(document)
	_, packed := document.Lookup("packed").Binary()
	w.packed += len(packed)
	w.thumbnail += len(document.Lookup("thumbnail").StringValue())
	w.keys += text("_id") + place + text("owner") + date + text("id") + place
}

// figure reads a number from a page, where it is "<!-- name --> 123".
func figure(t *testing.T, page, name string) int {
	t.Helper()
	found := regexp.MustCompile(`<!-- ` + name + ` -->\s*([0-9]+)`).FindStringSubmatch(read(t, page))
	if found == nil {
		t.Fatalf("%s does not say %s", page, name)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
