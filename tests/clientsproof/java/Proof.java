import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import onestroke.client.ApiClient;
import onestroke.client.ApiException;
import onestroke.client.DrawingsApi;
import onestroke.client.SessionApi;
import onestroke.client.model.Canvas;
import onestroke.client.model.DrawingContent;
import onestroke.client.model.FormatVersion;
import onestroke.client.model.LoginRequest;
import onestroke.client.model.Problem;
import onestroke.client.model.Stroke;

/**
 * Logs in, saves two drawings, reads them on two pages, gets one and its picture, deletes
 * both, and is told that they are gone, with the client that openapi-generator makes from
 * the contract.
 */
public final class Proof {
    public static void main(String[] arguments) throws Exception {
        var client = new ApiClient();
        client.updateBaseUri(System.getenv("ONESTROKE_URL"));
        var login = new LoginRequest().code(System.getenv("ONESTROKE_CODE"));
        var token = new SessionApi(client).logIn(login).getToken();
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));

        var drawings = new DrawingsApi(client);
        var stroke = new Stroke().tool(Stroke.ToolEnum.PEN).color("#666666").width(50)
            .x(List.of(100, 110, 120)).y(List.of(200, 220, 230)).t(List.of(0, 16, 34));
        var content = new DrawingContent().title("一笔猫").canvas(new Canvas().width(3750).height(6670))
            .format(FormatVersion.Format1).strokes(List.of(stroke));

        var ids = List.of(UUID.randomUUID(), UUID.randomUUID());
        for (var id : ids) {
            var created = drawings.putDrawingWithHttpInfo(id, content, "*", null, null);
            expect(created.getStatusCode() == 201, "the drawing is created");
        }

        var listed = new ArrayList<UUID>();
        String cursor = null;
        do {
            var page = drawings.listDrawings(1, cursor, null);
            page.getItems().forEach(item -> listed.add(item.getId()));
            cursor = page.getNextCursor();
        } while (cursor != null);
        expect(listed.size() == 2 && listed.containsAll(ids), "each page has one drawing");

        var id = ids.get(0);
        var drawing = drawings.getDrawing(id, null);
        expect(drawing.getStrokes().equals(List.of(stroke)), "the drawing comes back as it was");
        var picture = drawings.getDrawingImage(id, null, "svg", null, null);
        expect(Files.readString(picture.toPath()).startsWith("<svg"), "its picture is an SVG");

        for (var saved : ids) {
            drawings.deleteDrawing(saved, null);
        }
        try {
            drawings.getDrawing(id, null);
            throw new AssertionError("what is deleted is gone");
        } catch (ApiException gone) {
            var problem = ApiClient.createDefaultObjectMapper().readValue(gone.getResponseBody(), Problem.class);
            expect(problem.getCode().equals(System.getenv("ONESTROKE_GONE")), "it is a problem of the contract");
        }
    }

    private static void expect(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
