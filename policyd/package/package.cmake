# package.cmake: installs the data besides the programs and man pages, and has cpack make a Debian
# package of it all: `cpack -G DEB` in the build folder.
install(CODE "set(SOURCE ${CMAKE_SOURCE_DIR})
set(WORK ${CMAKE_BINARY_DIR}/placed)")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/install.cmake)
foreach(name policyctl policyd)
  install(FILES ${CMAKE_SOURCE_DIR}/examples/completion/policyctl RENAME ${name}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endforeach()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
        PATTERN quickstart EXCLUDE # builds from source
        PATTERN systemd EXCLUDE    # installed, as are the next two
        PATTERN completion EXCLUDE
        PATTERN policyd.logrotate EXCLUDE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The policyd authors <authors@policyd.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # some files are not below the prefix
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_POLICYD_SOURCE ${CMAKE_SOURCE_DIR})
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "glib-networking, logrotate, postfix, prometheus-node-exporter")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "policy server for Postfix whose rules can be proved")
set(CPACK_PACKAGE_DESCRIPTION
"Postfix asks policyd about each recipient: may this client send to it
through us? policyd evaluates a small rule file, answers permit, reject or
dunno, and logs every decision.

It proves that the rules are no open relay before it serves them. policyctl
explains any decision, and shows what a change of the rules would change.")
foreach(script postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/${script})
endforeach()
include(CPack)
