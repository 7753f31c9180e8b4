import java.util.UUID
import onestroke.client.apis.DrawingsApi
import onestroke.client.apis.DrawingsApi.FormatGetDrawingImage
import onestroke.client.apis.DrawingsApi.IfNoneMatchPutDrawing
import onestroke.client.apis.SessionApi
import onestroke.client.infrastructure.ApiClient
import onestroke.client.infrastructure.ClientError
import onestroke.client.infrastructure.ClientException
import onestroke.client.infrastructure.Serializer
import onestroke.client.models.Canvas
import onestroke.client.models.DrawingContent
import onestroke.client.models.FormatVersion
import onestroke.client.models.LoginRequest
import onestroke.client.models.Problem
import onestroke.client.models.Stroke

/**
 * Logs in, saves two drawings, reads them on two pages, gets one and its picture, deletes
 * both, and is told that they are gone, with the client that openapi-generator makes of
 * the contract.
 */
fun main() {
    val url = System.getenv("ONESTROKE_URL")
    ApiClient.accessToken = SessionApi(url).logIn(LoginRequest(System.getenv("ONESTROKE_CODE"))).token

    val drawings = DrawingsApi(url)
    val stroke = Stroke("#666666", Stroke.Tool.pen, 50, listOf(100, 110, 120), listOf(200, 220, 230), t = listOf(0, 16, 34))
    val content = DrawingContent(Canvas(6670, 3750), FormatVersion.Format1, listOf(stroke), title = "一笔猫")
    val ids = listOf(UUID.randomUUID(), UUID.randomUUID())
    for (id in ids) {
        check(drawings.putDrawing(id, content, IfNoneMatchPutDrawing.Star).pointCount == 3) { "the drawing is saved" }
    }

    val listed = mutableListOf<UUID>()
    var cursor: String? = null
    do {
        val page = drawings.listDrawings(limit = 1, cursor = cursor)
        listed += page.items.map { it.id }
        cursor = page.nextCursor
    } while (cursor != null)
    check(listed.size == 2 && listed.toSet() == ids.toSet()) { "each page has one drawing: $listed" }

    val id = ids[0]
    check(drawings.getDrawing(id).strokes == listOf(stroke)) { "the drawing comes back as it was" }
    val picture = drawings.getDrawingImage(id, format = FormatGetDrawingImage.svg)
    check(picture.readText().startsWith("<svg")) { "its picture is an SVG" }

    ids.forEach { drawings.deleteDrawing(it) }
    val refused = runCatching { drawings.getDrawing(id) }.exceptionOrNull() as ClientException
    val body = (refused.response as ClientError<*>).body as String
    val problem = Serializer.jacksonObjectMapper.readValue(body, Problem::class.java)
    check(problem.code == System.getenv("ONESTROKE_GONE") && problem.status == 404) { "it is a problem of the contract" }
}
