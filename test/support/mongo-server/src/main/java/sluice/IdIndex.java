package sluice;

import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.bson.Document;
import java.util.List;
import java.util.Map;
import org.h2.mvstore.MVMap;

/**
 * The index of _id, used for every query that names an _id, whatever else it asks. The library's own is used only for
 * queries that ask nothing else, and a whole collection is read for {_id: …, state: …}.
 */
final class IdIndex extends AbstractUniqueIndex<Object> {
  private final MVMap<KeyValue, Object> positions;

  IdIndex(MVMap<KeyValue, Object> positions, String name, List<IndexKey> keys) {
    super(name, keys, false);
    this.positions = positions;
  }

  private static Document idOf(Document query) {
    return new Document("_id", query.get("_id"));
  }

  @Override
  public synchronized boolean canHandle(Document query) {
    return query.containsKey("_id") && super.canHandle(idOf(query));
  }

  @Override
  public synchronized Iterable<Object> getPositions(Document query) {
    return super.getPositions(idOf(query));
  }

  @Override
  protected Object removeDocument(KeyValue key) {
    return positions.remove(key);
  }

  @Override
  protected boolean putKeyPosition(KeyValue key, Object position) {
    return positions.putIfAbsent(key, Missing.ofNullable(position)) == null;
  }

  @Override
  protected Iterable<Map.Entry<KeyValue, Object>> getIterable() {
    return positions.entrySet();
  }

  @Override
  protected Object getPosition(KeyValue key) {
    return positions.get(key);
  }

  @Override
  public long getCount() {
    return positions.sizeAsLong();
  }

  @Override
  public boolean isEmpty() {
    return positions.isEmpty();
  }

  @Override
  public long getDataSize() {
    return getCount();
  }

  @Override
  public void drop() {
    positions.clear();
  }
}
