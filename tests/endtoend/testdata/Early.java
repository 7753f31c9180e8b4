import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

/** Uploads 512 KiB slowly with the client named in the first argument, and prints the status and code of the answer. */
public class Early {
    static final int SIZE = 512 << 10;

    public static void main(String[] args) throws Exception {
        var url = URI.create(args[1]);
        if (args[0].equals("HttpURLConnection")) {
            var connection = (HttpURLConnection) url.toURL().openConnection();
            connection.setRequestMethod("PUT");
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            connection.setRequestProperty("If-None-Match", "*");
            connection.setFixedLengthStreamingMode(SIZE);
            try (var out = connection.getOutputStream()) {
                uplink().transferTo(out);
            }
            var status = connection.getResponseCode();
            var body = connection.getErrorStream(); // null for a 401 in streaming mode
            print(status, body == null ? "without a body" : new String(body.readAllBytes()));
        } else {
            var request = HttpRequest.newBuilder(url)
                .header("Content-Type", "application/json").header("If-None-Match", "*")
                .PUT(BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(Early::uplink), SIZE)).build();
            var answer = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(request, BodyHandlers.ofString());
            print(answer.statusCode(), answer.body());
        }
    }

    /** SIZE bytes at 16 KiB in 30 ms. */
    static InputStream uplink() {
        return new InputStream() {
            int left = SIZE;

            @Override public int read() {
                throw new UnsupportedOperationException();
            }

            @Override public int read(byte[] into, int from, int length) {
                if (left == 0) return -1;
                try {
                    Thread.sleep(30);
                } catch (InterruptedException e) {
                    return -1;
                }
                int read = Math.min(Math.min(length, 16 << 10), left);
                left -= read;
                return read;
            }
        };
    }

    static void print(int status, String body) {
        var code = Pattern.compile("\"code\":\"(\\w+)\"").matcher(body);
        System.out.println(status + " " + (code.find() ? code.group(1) : body));
    }
}
