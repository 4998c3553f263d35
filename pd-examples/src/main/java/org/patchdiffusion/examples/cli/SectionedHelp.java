package org.patchdiffusion.examples.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.IHelpSectionRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Lists the options of a command by their {@link HelpSection}s, each with its default. */
final class SectionedHelp implements IHelpSectionRenderer {

    private SectionedHelp() {}

    /** Changes the help of a command and of all below it. */
    static void install(CommandLine command) {
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, new SectionedHelp());
        command.getSubcommands().values().forEach(SectionedHelp::install);
    }

    @Override
    public String render(Help help) {
        CommandSpec command = help.commandSpec();
        List<OptionSpec> own = new ArrayList<>(command.options());
        List<OptionSpec> general = own.stream()
                .filter(option -> option.inherited() || option.usageHelp() || option.versionHelp())
                .toList();
        own.removeAll(general);
        StringBuilder sections = new StringBuilder();
        for (CommandSpec mixin : command.mixins().values()) {
            if (mixin.userObject() instanceof HelpSection section) {
                List<OptionSpec> options = new ArrayList<>(command.options());
                options.removeIf(option -> mixin.findOption(option.longestName()) == null);
                own.removeAll(options);
                sections.append("%n%s%n".formatted(section.heading())).append(list(help, options));
            }
        }
        return list(help, own) + sections + "%n".formatted() + list(help, general);
    }

    private static String list(Help help, List<OptionSpec> options) {
        Help.IOptionRenderer plain = help.createDefaultOptionRenderer();
        Help.Layout layout = new Help.Layout(
                help.colorScheme(),
                help.createDefaultLayout().textTable(),
                (option, labels, colors) -> withDefault(option, plain.render(option, labels, colors), colors),
                help.createDefaultParameterRenderer());
        layout.addOptions(options, help.parameterLabelRenderer());
        return layout.toString();
    }

    /** Puts the default behind the description; of switches, that they are off goes without saying. */
    private static Text[][] withDefault(OptionSpec option, Text[][] rows, Help.ColorScheme colors) {
        String value = option.defaultValueString();
        if (value != null && !value.isEmpty() && !value.equals("false") && !value.equals("null")) {
            Text[] last = rows[rows.length - 1];
            int description = last.length - 1;
            last[description] = last[description].concat(colors.text(" Default: " + value + "."));
        }
        return rows;
    }
}
