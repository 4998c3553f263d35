package org.patchdiffusion.examples.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that the build was made with. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() throws IOException {
        Properties build = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("build.properties")) {
            if (in == null) {
                throw new IOException("build.properties is not in the jar; build it again");
            }
            build.load(in);
        }
        return new String[] {"Patch Diffusion for Deeplearning4j " + build.getProperty("version")};
    }
}
