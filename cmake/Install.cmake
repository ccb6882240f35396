# `cmake --install` puts files where a Debian package would.
include(GNUInstallDirs)

install(TARGETS sluice slcli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS sluice-sandbox RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/sluice)
# Where `file = "NAME.so"` of a Plugin block finds them.
get_property(plugins GLOBAL PROPERTY SLUICE_PLUGINS)
if(plugins)
  install(TARGETS ${plugins} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sluice/plugins)
endif()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES cli/completion/slcli.bash RENAME slcli
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES cli/completion/_slcli DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)

# To write plugins: the interface, and the script that begins one with what it copies.
install(FILES plugins/include/sluice/plugin.h plugins/include/sluice/plugin.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sluice COMPONENT dev)
install(PROGRAMS scripts/new-plugin RENAME sluice-new-plugin DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT dev)
install(FILES plugins/skeleton/skeleton.c DESTINATION ${CMAKE_INSTALL_DATADIR}/sluice/skeleton COMPONENT dev)
install(DIRECTORY plugins/skeleton/template DESTINATION ${CMAKE_INSTALL_DATADIR}/sluice/skeleton COMPONENT dev)
