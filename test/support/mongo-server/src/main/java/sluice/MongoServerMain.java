package sluice;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import java.net.InetSocketAddress;
import java.util.List;
import org.h2.mvstore.MVStore;

/**
 * Usage: mongo-server [--port N] [--data FILE]
 *
 * <p>Listens on 127.0.0.1, on a free port unless one is given; says where on stdout. With a file its data outlive it: all
 * of them after SIGTERM, all but the last tenth of a second after SIGKILL.
 */
public final class MongoServerMain {
  private static final int COMMIT_DELAY_MS = 100;
  private static MVStore store; // one server a process; the library opens indexes before a field of Database is set

  public static void main(String[] arguments) throws Exception {
    int port = 0;
    String data = null;
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      switch (arguments[i]) {
        case "--port" -> port = Integer.parseInt(arguments[i + 1]);
        case "--data" -> data = arguments[i + 1];
        default -> throw new IllegalArgumentException("unknown argument " + arguments[i]);
      }
    }

    store = MVStore.open(data); // null: in memory
    store.setAutoCommitDelay(COMMIT_DELAY_MS);
    MongoServer server = new MongoServer(new Backend());
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind(new InetSocketAddress("127.0.0.1", port));
    System.out.println("Listening on mongodb://127.0.0.1:" + server.getLocalAddress().getPort());
  }

  /** The library's backend, but for how it finds documents by _id. */
  private static final class Backend extends H2Backend {
    Backend() {
      super(store);
    }

    @Override
    protected MongoDatabase openOrCreateDatabase(String name) {
      return new H2Database(name, store, getCursorRegistry()) {
        @Override
        protected Index<Object> openOrCreateUniqueIndex(
            String collection, String index, List<IndexKey> keys, boolean sparse) {
          boolean isId = keys.size() == 1 && keys.get(0).getKey().equals("_id");
          if (!isId) return super.openOrCreateUniqueIndex(collection, index, keys, sparse);
          return new IdIndex(store.openMap(name + "." + collection + "._ids"), index, keys);
        }
      };
    }
  }
}
