package org.patchdiffusion.examples.ui;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.ui.VertxUIServer;
import org.deeplearning4j.ui.api.HttpMethod;
import org.deeplearning4j.ui.api.Route;
import org.deeplearning4j.ui.module.train.TrainModule;

/**
 * Serves the training pages of DL4J's UI to browsers on this machine.
 *
 * <p>DL4J's own server listens to every network, takes uploads from anyone and sends any file that a path climbs to. This one
 * serves the same pages, and nothing else, to 127.0.0.1.
 */
final class UiServer implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final String ASSETS = "/assets/";
    private static final String SCRIPTS = "webjars/";
    private static final String MODEL = "/train/model";
    private static final Map<String, String> TYPES = Map.of(
            "js", "text/javascript",
            "css", "text/css",
            "png", "image/png",
            "ico", "image/x-icon",
            "svg", "image/svg+xml",
            "woff", "font/woff",
            "ttf", "font/ttf",
            "eot", "application/vnd.ms-fontobject");

    private static final String NO_MODEL_PAGE =
            """
            <!DOCTYPE html><title>Model</title><p>DL4J's page of a model knows its own kinds of networks only. \
            The numbers of this one are in <a href="overview">the overview</a> and in the run's report.html.</p>
            """;

    private final Vertx vertx;
    private final int port;

    private UiServer(Vertx vertx, int port) {
        this.vertx = vertx;
        this.port = port;
    }

    /**
     * Starts a server that shows what comes into a storage.
     *
     * @param port 1 to 65535, or 0 for any free one
     * @throws IOException if the port is taken
     */
    static UiServer start(int port, StatsStorage storage) throws IOException {
        // Its modules ask the newest instance whether it shows more than one run; it does not serve by itself.
        new VertxUIServer();
        TrainModule pages = new TrainModule();
        pages.onAttach(storage);
        storage.registerStatsStorageListener(event -> pages.reportStorageEvents(List.of(event)));
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setFileSystemOptions(new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
        CompletableFuture<HttpServer> listening = new CompletableFuture<>();
        vertx.createHttpServer().requestHandler(router(vertx, pages)).listen(port, HOST, result -> {
            if (result.succeeded()) {
                listening.complete(result.result());
            } else {
                listening.completeExceptionally(result.cause());
            }
        });
        try {
            return new UiServer(vertx, listening.get().actualPort());
        } catch (ExecutionException e) {
            vertx.close();
            throw new IOException(
                    "the training UI cannot listen to port " + port + ": "
                            + e.getCause().getMessage() + "; choose another port",
                    e);
        } catch (InterruptedException e) {
            vertx.close();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the training UI was starting", e);
        }
    }

    private static Router router(Vertx vertx, TrainModule pages) {
        Router router = Router.router(vertx);
        router.get("/").handler(request -> request.reroute("/train"));
        router.get(ASSETS + "*").handler(UiServer::sendAsset);
        router.get(MODEL).handler(request -> send(request, "text/html", Buffer.buffer(NO_MODEL_PAGE)));
        for (Route route : pages.getRoutes()) {
            if (route.getHttpMethod() == HttpMethod.GET && !route.getRoute().startsWith(MODEL)) {
                router.get(route.getRoute())
                        .handler(request -> route.getConsumer().accept(arguments(route.getRoute(), request), request));
            }
        }
        return router;
    }

    private static List<String> arguments(String route, RoutingContext request) {
        return Arrays.stream(route.split("/"))
                .filter(part -> part.startsWith(":"))
                .map(part -> request.request().getParam(part.substring(1)))
                .toList();
    }

    /** Scripts, styles and pictures come from the class path, by names that cannot climb out of their folders. */
    private static void sendAsset(RoutingContext request) {
        String path = request.request().path().substring(ASSETS.length());
        if (!path.matches("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*") || path.contains("..")) {
            request.fail(404);
            return;
        }
        String resource =
                (path.startsWith(SCRIPTS) ? "META-INF/resources/" : VertxUIServer.ASSETS_ROOT_DIRECTORY) + path;
        try (InputStream in = UiServer.class.getClassLoader().getResourceAsStream(resource)) {
            if (in == null) {
                request.fail(404);
                return;
            }
            String type = TYPES.getOrDefault(path.substring(path.lastIndexOf('.') + 1), "application/octet-stream");
            send(request, type, Buffer.buffer(in.readAllBytes()));
        } catch (IOException e) {
            request.fail(e);
        }
    }

    private static void send(RoutingContext request, String type, Buffer content) {
        request.response().putHeader("content-type", type).end(content);
    }

    /** Where to point a browser. */
    String address() {
        return "http://" + HOST + ":" + port + "/train";
    }

    /** Ends the server and its threads. */
    @Override
    public void close() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        vertx.close(result -> closed.complete(null));
        closed.join();
    }
}
