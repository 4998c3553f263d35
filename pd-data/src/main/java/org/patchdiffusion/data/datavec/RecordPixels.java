package org.patchdiffusion.data.datavec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.datavec.api.records.metadata.RecordMetaData;
import org.datavec.api.records.reader.RecordReader;
import org.patchdiffusion.data.PixelReader;

/** Records read again by their metadata whenever they are shown; one at a time, for readers are not thread-safe. */
record RecordPixels(String name, RecordReader reader, List<RecordMetaData> places, RecordForm form)
        implements PixelReader {

    @Override
    public ByteBuffer read(int index) {
        String where = name + ": record " + index;
        try {
            byte[] image;
            synchronized (reader) {
                image = form.image(
                        where, reader.loadFromMetaData(places.get(index)).getRecord());
            }
            return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new IllegalStateException(where + " cannot be read again (" + e.getMessage() + ")", e);
        }
    }

    @Override
    public String place() {
        return "read from records on demand";
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw new IllegalStateException(name + ": its reader cannot be closed (" + e.getMessage() + ")", e);
        }
    }
}
